/*
 * Adopting a hub of the original deployment, step 4 of 4: carries over what was said in conversations.
 *
 * Owns: what becomes of each message. It comes after the money and apart from it, since a hub may have very many, and
 * nobody's hour waits for them. What cannot be carried over stays behind, listed in original.left_behind. It changes no
 * row of the original. One transaction; a second time it finds its own mark and does nothing.
 */
set adopt.report = '';
begin;
set local statement_timeout = 0;
set local lock_timeout = '10s';
set local timezone = 'UTC';
set local adopt.go = 'no';

-- Says a line to psql at once, and to an SQL editor, which shows no notices, at the end.
create or replace function pg_temp.tell(line text) returns void
language plpgsql volatile set search_path = ''
as $$
begin
  raise notice '%', line;
  perform set_config('adopt.report', coalesce(current_setting('adopt.report', true), '') || line || E'\n', false);
end
$$;

do $$
begin
  if to_regclass('original.adoption') is null then
    perform pg_temp.tell('Nothing was set aside here. Nothing to do.');
    return;
  end if;
  -- Two that run at once: the second waits here, and finds the mark.
  perform from original.adoption where messages_carried_at is null for update;
  if not found then
    perform pg_temp.tell('Messages were carried over before. Nothing to do.');
    return;
  end if;
  perform from original.adoption where hours_carried_at is null;
  if found then
    raise exception 'sessions and pictures come first' using errcode = 'object_not_in_prerequisite_state',
      hint = 'Run 2_carry_hours.sql first. Nothing was changed.';
  end if;
  perform set_config('adopt.go', 'yes', true);
  -- Nobody is to be told of words that are years old as if they had just been said.
  alter table public.chat_messages disable trigger user;
end
$$;

do $$
begin
  if current_setting('adopt.go') <> 'yes' or to_regclass('original.chat_messages') is null then
    return;
  end if;
  create temporary table old_message on commit drop as
  select given.*, conversation.created_at as begun_at,
    case
      when conversation.id is null then 'no such conversation'
      when role is null or role not in ('user', 'assistant', 'system') then 'nobody who speaks here'
      when content is null or char_length(content) not between 1 and 100000 then 'empty, or too long'
    end as reason
  from (
    select (doc ->> 'id')::uuid as id, (doc ->> 'conversation_id')::uuid as conversation_id, doc ->> 'content' as content,
      (doc ->> 'created_at')::timestamptz as said_at,
      -- The models' own protocol calls whoever answers so.
      case lower(btrim(doc ->> 'role')) when 'model' then 'assistant' else lower(btrim(doc ->> 'role')) end as role
    from original.chat_messages as message cross join to_jsonb(message) as doc
  ) as given
  left join public.conversations as conversation on conversation.id = given.conversation_id;

  insert into public.chat_messages (id, conversation_id, role, content, created_at)
  select id, conversation_id, role, content, coalesce(said_at, begun_at) from old_message where reason is null;
  insert into original.left_behind
  select 'chat_messages', id::text, reason from old_message where reason is not null;
  perform pg_temp.tell(format('%s messages', count(*))) from old_message where reason is null;
end
$$;

do $$
begin
  if current_setting('adopt.go') <> 'yes' then
    return;
  end if;
  alter table public.chat_messages enable trigger user;
  update original.adoption set messages_carried_at = private.clock();
  perform pg_temp.tell(format('left behind of %s: %s (%s)', table_name, count(*), reason)) from original.left_behind
  where table_name = 'chat_messages' group by table_name, reason order by reason;
end
$$;

drop function pg_temp.tell(text);
commit;
select line from regexp_split_to_table(current_setting('adopt.report', true), E'\n') as line where line <> '';
