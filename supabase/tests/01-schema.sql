/*
 * The inventory of the schema: the original's names, row level security everywhere (I4), keys with an index behind them,
 * functions that trust no search path, and the two buckets.
 */
begin;
select plan(41);

-- Tables and their columns: what the original's readers know, under the names that they know --------------------------

select bag_eq(
  $$ select relname::text from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') $$,
  $$ values
    ('chat_messages'), ('conversations'), ('image_generations'), ('session_config'), ('user_sessions'), ('video_generations'),
    ('purchase')
  $$,
  'these are the tables of public, and no others'
);
select bag_eq(
  $$ select relname::text from pg_class where relnamespace = 'private'::regnamespace and relkind in ('r', 'p') $$,
  $$ values
    ('engine_standing'), ('engine_budget'), ('engine_turn'), ('rate_limit'), ('rate_bucket'), ('seal_key'), ('refused_phrase'),
    ('refusal'), ('payment_evidence'), ('payment_event'), ('payment_alert'), ('refund')
  $$,
  'these are the tables of private, and no others'
);
select is_empty(
  $$ select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('v', 'm', 'f') $$,
  'public holds no view, materialized view or foreign table, which would need rules of their own'
);
select is_empty(
  format(
    $$
      select name from unnest(%L::text[]) as name
      where not exists (
        select from pg_attribute where attrelid = %L::regclass and attname = name and attnum > 0 and not attisdropped
      )
    $$, columns, 'public.' || table_name
  ),
  'the original''s columns of ' || table_name || ' are all there'
)
from (values
  ('session_config', '{plan_id,model_name,token_limit_per_hour,image_credits_per_hour,video_credits_per_hour,price_per_hour_paise}'),
  ('user_sessions', '{id,user_id,plan_id,model_name,hours_purchased,price_paid,tokens_used,images_generated,videos_generated,status,session_type,created_at,updated_at,expires_at}'),
  ('conversations', '{id,user_id,session_id,title}'),
  ('chat_messages', '{id,conversation_id,role,content}'),
  ('image_generations', '{id,user_id,session_id,conversation_id,prompt,negative_prompt,image_url,model_used,resolution,width,height,steps,cfg_scale,seed,batch_count,generation_time_ms,created_at}'),
  ('video_generations', '{id,user_id,session_id,conversation_id,prompt,video_url,thumbnail_url,model_used,duration_seconds,resolution,status,created_at,completed_at}')
) as original (table_name, columns);
select is_empty(
  $$
    select oid::regclass from pg_class
    where relnamespace in ('public'::regnamespace, 'private'::regnamespace) and relkind = 'r'
      and not exists (select from pg_constraint where conrelid = pg_class.oid and contype = 'p')
  $$,
  'every table has a primary key'
);

-- Row level security --------------------------------------------------------------------------------------------------

select is_empty(
  $$
    select relname from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relrowsecurity
  $$,
  'I4: every table of public has row level security on'
);
select is_empty(
  $$
    select relname from pg_class
    where relnamespace = 'private'::regnamespace and relkind in ('r', 'p') and not relrowsecurity
  $$,
  'and so has every table of private, which no role of the Data API reaches anyway'
);
select bag_eq(
  $$ select tablename::text, cmd, array_to_string(roles, ','), qual from pg_policies where schemaname = 'private' $$,
  $$
    select relname::text, 'ALL' as cmd, 'public' as roles, 'false' as qual from pg_class
    where relnamespace = 'private'::regnamespace and relkind in ('r', 'p')
  $$,
  'whose one policy each lets nobody in'
);
select is_empty(
  $$
    select relname from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
      and not exists (select from pg_policy where polrelid = pg_class.oid)
  $$,
  'I4: and every one has a policy'
);
select bag_eq(
  $$
    select tablename::text, cmd, array_to_string(roles, ',') from pg_policies where schemaname = 'public'
  $$,
  $$ values
    ('session_config', 'SELECT', 'anon,authenticated'),
    ('user_sessions', 'SELECT', 'authenticated'),
    ('purchase', 'SELECT', 'authenticated'),
    ('image_generations', 'SELECT', 'authenticated'),
    ('video_generations', 'SELECT', 'authenticated'),
    ('conversations', 'SELECT', 'authenticated'),
    ('conversations', 'INSERT', 'authenticated'),
    ('conversations', 'UPDATE', 'authenticated'),
    ('conversations', 'DELETE', 'authenticated'),
    ('chat_messages', 'SELECT', 'authenticated'),
    ('chat_messages', 'INSERT', 'authenticated')
  $$,
  'I4: these are the policies of public: one for a table, a verb and its roles, none of them for writing the ledger (I5)'
);
select is_empty(
  $$
    select policyname from pg_policies
    where schemaname in ('public', 'storage')
      and regexp_replace(coalesce(qual, '') || coalesce(with_check, ''), '\( SELECT (auth\.)?uid\(\) AS uid\)', '', 'g')
        ~ '(uid|jwt|role)\(\)'
  $$,
  'policies ask who is calling once a statement, not once a row'
);
select is_empty(
  $$
    select policyname from pg_policies
    where schemaname in ('public', 'storage') and coalesce(qual, '') || coalesce(with_check, '') ~ 'user_metadata'
  $$,
  'no policy trusts what a customer may write about himself'
);

-- Keys ----------------------------------------------------------------------------------------------------------------

select bag_eq(
  $$
    select format('%s(%s) %s(%s)', conrelid::regclass, source.attname, confrelid::regclass, target.attname)
    from pg_constraint
      join pg_attribute as source on source.attrelid = conrelid and source.attnum = any (conkey)
      join pg_attribute as target on target.attrelid = confrelid and target.attnum = any (confkey)
    where contype = 'f' and connamespace = 'public'::regnamespace
  $$,
  $$ values
    ('user_sessions(user_id) auth.users(id)'), ('user_sessions(plan_id) session_config(plan_id)'),
    ('conversations(user_id) auth.users(id)'), ('conversations(session_id) user_sessions(id)'),
    ('chat_messages(conversation_id) conversations(id)'),
    ('purchase(user_id) auth.users(id)'), ('purchase(plan_id) session_config(plan_id)'),
    ('purchase(session_id) user_sessions(id)'),
    ('image_generations(user_id) auth.users(id)'), ('image_generations(session_id) user_sessions(id)'),
    ('image_generations(conversation_id) conversations(id)'),
    ('video_generations(user_id) auth.users(id)'), ('video_generations(session_id) user_sessions(id)'),
    ('video_generations(conversation_id) conversations(id)')
  $$,
  'every reference that the hub''s readers join over is a foreign key'
);
select is_empty(
  $$
    select conrelid::regclass, conname from pg_constraint as reference
    where contype = 'f' and connamespace in ('public'::regnamespace, 'private'::regnamespace)
      and not exists (
        select from pg_index
        where indrelid = conrelid and indpred is null and indkey[0] = conkey[1] and array_length(conkey, 1) = 1
      )
  $$,
  'every foreign key has an index that begins with its column and holds every row'
);
select is_empty(
  $$
    select conrelid::regclass, conname from pg_constraint
    where connamespace in ('public'::regnamespace, 'private'::regnamespace) and not convalidated
  $$,
  'every constraint holds for the rows that were there before it, too'
);
select has_index(
  'public', 'image_generations', 'image_generations_request_key', array['user_id', 'request_id', 'batch_index'],
  'I11: one request of a customer has one row a place of the batch'
);
select index_is_unique(
  'public', 'image_generations', 'image_generations_request_key', 'I11: and the index behind that is unique'
);
select index_is_unique(
  'public', 'image_generations', 'image_generations_lease_id_idx', 'I7: no two requests run under one lease'
);
select has_index(
  'public', 'image_generations', name, columns, 'what is asked at every request, or of every picture, has an index: ' || name
)
from (values
  ('image_generations_queue_idx', array['queue_turn', 'created_at', 'id']),
  ('image_generations_queued_user_id_idx', array['user_id', 'queue_turn']),
  ('image_generations_history_idx', array['user_id', 'created_at', 'id']),
  ('image_generations_removal_idx', array['deleted_at'])
) as index (name, columns);

-- Functions -----------------------------------------------------------------------------------------------------------

select is_empty(
  $$
    select oid::regprocedure from pg_proc
    where pronamespace in ('public'::regnamespace, 'private'::regnamespace)
      and not coalesce(proconfig, '{}') @> array['search_path=""']
      and not exists (select from pg_depend where objid = pg_proc.oid and deptype = 'e')
  $$,
  'every function has an empty search path'
);
select bag_eq(
  $$ select proname::text from pg_proc where pronamespace = 'public'::regnamespace and prosecdef $$,
  $$ values
    ('reserve_generation'), ('complete_generation'), ('fail_generation'), ('expire_generations'), ('start_session'),
    ('session_balance'), ('generation_status'), ('cancel_generation'), ('claim_generations'), ('renew_lease'),
    ('requeue_generation'), ('take_engine_turn'), ('report_engine'), ('address_key'), ('open_purchase'), ('purchase_status'),
    ('record_order'), ('record_payment'), ('receive_payment_event'), ('process_payment_events'),
    ('report_payment_alert'), ('begin_refund'), ('settle_refund'), ('due_payments'), ('report_wait'), ('delete_pictures'),
    ('restore_pictures'), ('claim_removals'), ('record_removals')
  $$,
  'these functions act with the owner''s rights, and no others'
);
select bag_eq(
  $$ select oid::regprocedure::text, prorettype::regtype::text from pg_proc where pronamespace = 'private'::regnamespace and prosecdef $$,
  $$ values ('private.tell_of_generation()', 'trigger'), ('private.tell_of_session()', 'trigger') $$,
  'nothing private acts with more rights than its caller, but for what triggers do at the commit, when the caller is back'
);
select is_empty(
  $$
    select proname from pg_proc where pronamespace = 'public'::regnamespace group by proname having count(*) > 1
  $$,
  'no function of public has a second form, which the Data API could not tell apart'
);
select is_empty(
  $$
    select extname from pg_extension where extnamespace = 'public'::regnamespace
  $$,
  'no extension lies in public'
);
select trigger_is(
  'public', 'image_generations', 'image_generations_guard', 'private', 'guard_generation',
  'I6: a trigger guards what is settled'
);
select trigger_is(
  'public', 'image_generations', 'image_generations_removal_guard', 'private', 'guard_removal', 'another what is removed'
);
select trigger_is('public', 'purchase', 'purchase_guard', 'private', 'guard_purchase', 'a third what was bought');
select trigger_is(
  'private', 'payment_evidence', 'payment_evidence_guard', 'private', 'guard_evidence', 'and a fourth what was said about it'
);
select has_index('private', 'refund', 'refund_live_idx', array['purchase_id'], 'money goes back');
select index_is_unique('private', 'refund', 'refund_live_idx', 'once');

-- Buckets -------------------------------------------------------------------------------------------------------------

select results_eq(
  $$
    select id, name, public, file_size_limit::bigint, allowed_mime_types::text[]
    from storage.buckets where id in ('generated-images', 'generated-videos') order by id
  $$,
  $$ values
    ('generated-images', 'generated-images', true, 20971520::bigint, array['image/png', 'image/jpeg', 'image/webp']),
    ('generated-videos', 'generated-videos', true, 52428800::bigint, array['video/mp4', 'video/webm'])
  $$,
  'both buckets are public, take only pictures or films, and have a limit'
);
select is(
  (select relrowsecurity from pg_class where oid = 'storage.objects'::regclass), true,
  'I4: what lies in the buckets is under row level security'
);
select bag_eq(
  $$
    select cmd, array_to_string(roles, ',') from pg_policies
    where schemaname = 'storage' and tablename = 'objects' and (coalesce(qual, '') || coalesce(with_check, '')) ~ 'generated-'
  $$,
  $$ values ('SELECT', 'authenticated') $$,
  'the only rule for them lets customers read: nobody but the secret key writes'
);

select * from finish();
rollback;
