-- Event triggers, which only a superuser can make. Run last.

-- Policies on what Auth, Storage and Realtime own. On the platform the extension supautils lets `postgres` create,
-- alter and drop policies there although it owns none of the tables. Here `postgres` is lent the owners' rights for as
-- long as such a statement runs, and for no other statement: `alter table storage.objects …` is refused as it is there.
-- A statement that fails takes the loan back with it, since both belong to one transaction.
create schema if not exists supabase_local authorization supabase_admin;
revoke all on schema supabase_local from public;

create or replace function supabase_local.lend_ownership() returns event_trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if session_user = 'postgres' then
    set local client_min_messages = error;
    grant supabase_auth_admin, supabase_storage_admin, supabase_realtime_admin
      to postgres with inherit true, set false, admin false;
    set local client_min_messages = notice;
  end if;
end
$$;

create or replace function supabase_local.return_ownership() returns event_trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if session_user = 'postgres' then
    revoke supabase_auth_admin, supabase_storage_admin, supabase_realtime_admin from postgres;
  end if;
end
$$;

-- PostgREST is told of every change of what it serves, as on the platform.
create or replace function supabase_local.tell_rest_of_change() returns event_trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if exists (
    select
    from pg_catalog.pg_event_trigger_ddl_commands() as command
    where coalesce(command.schema_name, '') not in ('pg_temp', 'auth', 'storage', 'realtime', 'supabase_local')
  ) then
    notify pgrst, 'reload schema';
  end if;
end
$$;

create or replace function supabase_local.tell_rest_of_drop() returns event_trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if exists (
    select
    from pg_catalog.pg_event_trigger_dropped_objects() as dropped
    where not dropped.is_temporary
      and coalesce(dropped.schema_name, '') not in ('auth', 'storage', 'realtime', 'supabase_local')
  ) then
    notify pgrst, 'reload schema';
  end if;
end
$$;

drop event trigger if exists supabase_local_lend;
drop event trigger if exists supabase_local_return;
drop event trigger if exists supabase_local_rest_change;
drop event trigger if exists supabase_local_rest_drop;

create event trigger supabase_local_lend on ddl_command_start
  when tag in ('CREATE POLICY', 'ALTER POLICY', 'DROP POLICY')
  execute function supabase_local.lend_ownership();
create event trigger supabase_local_return on ddl_command_end
  when tag in ('CREATE POLICY', 'ALTER POLICY', 'DROP POLICY')
  execute function supabase_local.return_ownership();
create event trigger supabase_local_rest_change on ddl_command_end
  execute function supabase_local.tell_rest_of_change();
create event trigger supabase_local_rest_drop on sql_drop
  execute function supabase_local.tell_rest_of_drop();
