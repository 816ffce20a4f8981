/*
 * What happens without a request: leases that end, and a queue that is worked through.
 *
 * Owns: waking the worker, the sweep, the tick, and its schedule. On Supabase pg_cron ticks and pg_net wakes; a stack on one machine
 * listens on the channel `hub_queue` and ticks itself. Correctness waits for none of them: the next request of a session
 * expires its holds, and every balance is shown as if somebody had.
 */

/*
 * Wakes the function queue-worker: whoever listens on this machine, and on Supabase the function at the address and with
 * the key that the owner keeps in Vault as `hub_url` (https://<project>.supabase.co) and `hub_secret_key`. It never
 * fails: a picture that waits is found by the next tick.
 */
create function private.wake_worker() returns void
language plpgsql volatile set search_path = ''
as $$
declare
  hub_url text;
  hub_key text;
begin
  perform pg_notify('hub_queue', '');
  if to_regclass('vault.decrypted_secrets') is null or not exists (
    select from pg_catalog.pg_proc where proname = 'http_post' and pronamespace = to_regnamespace('net')
  ) then
    return;
  end if;
  begin
    execute 'select max(decrypted_secret) filter (where name = $1), max(decrypted_secret) filter (where name = $2)
      from vault.decrypted_secrets where name in ($1, $2)'
    into hub_url, hub_key using 'hub_url', 'hub_secret_key';
    if hub_url is null or hub_key is null then
      return;
    end if;
    -- The answer comes when the worker is done; nobody reads it.
    execute 'select net.http_post(url := $1, body := $2, headers := $3, timeout_milliseconds := 150000)'
    using rtrim(hub_url, '/') || '/functions/v1/queue-worker', '{}'::jsonb,
      jsonb_build_object('content-type', 'application/json', 'apikey', hub_key);
  exception when others then
    raise warning 'the worker of the queue was not woken: % (%)', sqlerrm, sqlstate;
  end;
end
$$;

-- Releases holds whose lease has run out, oldest first, at most that many sessions a call; answers how many holds. A session
-- that is being worked on is passed over: whoever holds its lock expires its holds himself. As before, but the time is
-- read once: a queue of thousands asked for it thousands of times for each session there is.
create or replace function public.expire_generations(session_count_max integer default 100) returns integer
language plpgsql volatile security definer set search_path = ''
as $$
declare
  moment constant timestamptz := private.clock();
  lapsed uuid;
  released integer := 0;
begin
  for lapsed in
    select session.id from public.user_sessions as session
    where session.id = any (array(
      select generation.session_id from public.image_generations as generation
      where generation.status in ('queued', 'running') and generation.lease_expires_at <= moment
      order by generation.lease_expires_at
      limit session_count_max
    ))
    for update skip locked
  loop
    released := released + private.expire_session_holds(lapsed, private.clock());
  end loop;
  return released;
end
$$;

-- One tick: ends the holds whose lease has run out, forgets allowances that are full again, and wakes the worker while
-- anything that may be tried waits. Answers how many holds it ended.
create function private.tick() returns integer
language plpgsql volatile set search_path = ''
as $$
declare
  moment constant timestamptz := private.clock();
begin
  -- Passing over what is being asked for just now: a request locks two of them, and would wait here for ever.
  delete from private.rate_bucket where bucket in (
    select idle.bucket from private.rate_bucket as idle
    where idle.full_at < moment - interval '1 hour' for update skip locked
  );
  if exists (
    select from public.image_generations as waiting
    where waiting.status = 'queued' and waiting.not_before <= moment and waiting.lease_expires_at > moment
  ) then
    perform private.wake_worker();
  end if;
  return public.expire_generations();
end
$$;

-- Sets up what ticks and what wakes, where the database has it; answers in sentences what it did. Calling it again, for
-- instance after an extension was enabled by hand, is harmless.
create function private.schedule() returns text
language plpgsql volatile set search_path = ''
as $$
declare
  report text := '';
begin
  begin
    if to_regnamespace('cron') is null and exists (select from pg_catalog.pg_available_extensions where name = 'pg_cron') then
      execute 'create extension pg_cron with schema pg_catalog';
    end if;
    if to_regnamespace('cron') is null then
      report := 'pg_cron is not available here: leases end with the next request of their session, and the queue is worked '
        'through when somebody calls private.tick() and queue-worker. ';
    else
      execute 'select cron.schedule($1, $2, $3)' using 'hub-tick', '10 seconds', 'select private.tick()';
      -- pg_cron writes a row about every tick, and never forgets one by itself.
      execute 'select cron.schedule($1, $2, $3)' using 'hub-forget', '17 3 * * *',
        'delete from cron.job_run_details where end_time < private.clock() - interval ''2 days''';
      report := 'pg_cron calls private.tick() every 10 seconds. ';
    end if;
  exception when others then
    report := format('pg_cron could not be set up (%s): enable it and call private.schedule(). ', sqlerrm);
  end;
  begin
    if to_regnamespace('net') is null and exists (select from pg_catalog.pg_available_extensions where name = 'pg_net') then
      execute 'create extension pg_net with schema extensions';
    end if;
    return report || case
      when to_regnamespace('net') is null then
        'pg_net is not available here: the worker of the queue has to be called by somebody else.'
      else
        'pg_net wakes the worker of the queue once Vault holds hub_url and hub_secret_key.'
    end;
  exception when others then
    return report || format('pg_net could not be set up (%s): enable it and call private.schedule().', sqlerrm);
  end;
end
$$;

revoke execute on function private.wake_worker(), private.tick(), private.schedule()
from public, anon, authenticated, service_role;

do $$
begin
  raise notice '%', private.schedule();
end
$$;

notify pgrst, 'reload schema';
