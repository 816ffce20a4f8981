/*
 * Who may do what, to the letter: every grant on a schema, table, column and function of the hub to the roles of the
 * Data API, and the advisor's lints 0025 to 0029, which the CLI's own advisor does not know.
 */
begin;
select plan(21);

-- A grant to PUBLIC has the grantee 0, which is no role.
create view pg_temp.api_role as
select 0::oid as oid, 'PUBLIC' as name
union all
select oid, rolname::text from pg_roles where rolname in ('anon', 'authenticated', 'service_role');

-- Schemas -------------------------------------------------------------------------------------------------------------

select is_empty(
  $$
    select api_role.name, privilege_type
    from pg_namespace, aclexplode(coalesce(nspacl, acldefault('n', nspowner))) as acl
      join pg_temp.api_role on api_role.oid = acl.grantee
    where nspname = 'private'
  $$,
  'no role of the Data API may even look into the private schema'
);
select is_empty(
  $$
    select name from pg_temp.api_role where oid <> 0 and has_schema_privilege(oid, 'public', 'create')
  $$,
  'no role of the Data API may create anything in public'
);

-- Tables and columns --------------------------------------------------------------------------------------------------

select bag_eq(
  $$
    select relname::text, api_role.name, privilege_type
    from pg_class, aclexplode(coalesce(relacl, acldefault('r', relowner))) as acl
      join pg_temp.api_role on api_role.oid = acl.grantee
    where relnamespace in ('public'::regnamespace, 'private'::regnamespace) and relkind in ('r', 'p', 'v', 'm', 'f', 'S')
  $$,
  $$ values
    ('session_config', 'anon', 'SELECT'),
    ('session_config', 'authenticated', 'SELECT'),
    ('user_sessions', 'authenticated', 'SELECT'),
    ('image_generations', 'authenticated', 'SELECT'),
    ('video_generations', 'authenticated', 'SELECT'),
    ('conversations', 'authenticated', 'SELECT'),
    ('conversations', 'authenticated', 'DELETE'),
    ('chat_messages', 'authenticated', 'SELECT'),
    ('purchase', 'authenticated', 'SELECT'),
    ('session_config', 'service_role', 'SELECT'),
    ('purchase', 'service_role', 'SELECT'),
    ('user_sessions', 'service_role', 'SELECT'),
    ('image_generations', 'service_role', 'SELECT'),
    ('video_generations', 'service_role', 'SELECT'),
    ('conversations', 'service_role', 'SELECT'),
    ('chat_messages', 'service_role', 'SELECT'),
    ('conversations', 'service_role', 'INSERT'),
    ('conversations', 'service_role', 'UPDATE'),
    ('conversations', 'service_role', 'DELETE'),
    ('chat_messages', 'service_role', 'INSERT'),
    ('chat_messages', 'service_role', 'UPDATE'),
    ('chat_messages', 'service_role', 'DELETE')
  $$,
  'I5: these are all grants on tables: nobody writes a table of the ledger, not even the secret key'
);
select bag_eq(
  $$
    select attrelid::regclass::text, attname::text, api_role.name, privilege_type
    from pg_attribute
      join pg_class on pg_class.oid = attrelid
        and relnamespace in ('public'::regnamespace, 'private'::regnamespace),
      aclexplode(attacl) as acl
      join pg_temp.api_role on api_role.oid = acl.grantee
  $$,
  $$ values
    ('user_sessions', 'tokens_used', 'service_role', 'UPDATE'),
    ('conversations', 'id', 'authenticated', 'INSERT'),
    ('conversations', 'user_id', 'authenticated', 'INSERT'),
    ('conversations', 'session_id', 'authenticated', 'INSERT'),
    ('conversations', 'title', 'authenticated', 'INSERT'),
    ('conversations', 'title', 'authenticated', 'UPDATE'),
    ('chat_messages', 'id', 'authenticated', 'INSERT'),
    ('chat_messages', 'conversation_id', 'authenticated', 'INSERT'),
    ('chat_messages', 'role', 'authenticated', 'INSERT'),
    ('chat_messages', 'content', 'authenticated', 'INSERT')
  $$,
  'I5: these are all grants on columns: a customer''s own words, and the tokens that the chat used'
);
select is_empty(
  $$
    select relname, api_role.name
    from pg_class, aclexplode(relacl) as acl join pg_temp.api_role on api_role.oid = acl.grantee
    where relnamespace in ('public'::regnamespace, 'private'::regnamespace) and acl.is_grantable
  $$,
  'nobody may pass a grant on'
);
select is_empty(
  $$
    select relname, api_role.name from pg_class, pg_temp.api_role
    where relnamespace = 'private'::regnamespace and relkind in ('r', 'p') and api_role.oid <> 0
      and (
        has_table_privilege(api_role.oid, pg_class.oid, 'select, insert, update, delete, truncate, references, trigger')
        or has_any_column_privilege(api_role.oid, pg_class.oid, 'select, insert, update, references')
      )
  $$,
  'no role of the Data API may do anything with a table of private, by whatever way'
);
select is_empty(
  $$
    select relname, api_role.name from pg_class, pg_temp.api_role
    where relnamespace in ('public'::regnamespace, 'private'::regnamespace) and relkind = 'S' and api_role.oid <> 0
      and has_sequence_privilege(api_role.oid, pg_class.oid, 'usage, select, update')
  $$,
  'nor draw a number from a sequence'
);

-- Functions -----------------------------------------------------------------------------------------------------------

select is_empty(
  $$
    select pg_proc.oid::regprocedure
    from pg_proc, aclexplode(coalesce(proacl, acldefault('f', proowner))) as acl
    where pronamespace in ('public'::regnamespace, 'private'::regnamespace) and acl.grantee = 0
  $$,
  'PUBLIC may execute no function'
);
select bag_eq(
  $$
    select proname::text, api_role.name
    from pg_proc, aclexplode(coalesce(proacl, acldefault('f', proowner))) as acl
      join pg_temp.api_role on api_role.oid = acl.grantee
    where pronamespace in ('public'::regnamespace, 'private'::regnamespace)
  $$,
  $$ values
    ('reserve_generation', 'authenticated'),
    ('start_session', 'authenticated'),
    ('session_balance', 'authenticated'),
    ('generation_status', 'authenticated'),
    ('cancel_generation', 'authenticated'),
    ('complete_generation', 'service_role'),
    ('fail_generation', 'service_role'),
    ('expire_generations', 'service_role'),
    ('claim_generations', 'service_role'),
    ('renew_lease', 'service_role'),
    ('requeue_generation', 'service_role'),
    ('take_engine_turn', 'service_role'),
    ('report_engine', 'service_role'),
    ('address_key', 'service_role'),
    ('open_purchase', 'authenticated'),
    ('purchase_status', 'authenticated'),
    ('record_order', 'service_role'),
    ('record_payment', 'service_role'),
    ('receive_payment_event', 'service_role'),
    ('process_payment_events', 'service_role'),
    ('report_payment_alert', 'service_role'),
    ('delete_pictures', 'authenticated'),
    ('restore_pictures', 'authenticated'),
    ('report_wait', 'service_role'),
    ('claim_removals', 'service_role'),
    ('record_removals', 'service_role'),
    ('begin_refund', 'service_role'),
    ('settle_refund', 'service_role'),
    ('due_payments', 'service_role')
  $$,
  'these are all grants on functions: customers buy, reserve, start, ask, take back and delete, the secret key works, settles and reports'
);
select is_empty(
  $$
    select pg_proc.oid::regprocedure, api_role.name from pg_proc, pg_temp.api_role
    where pronamespace = 'private'::regnamespace and api_role.oid <> 0
      and has_function_privilege(api_role.oid, pg_proc.oid, 'execute')
  $$,
  'no role of the Data API may execute anything private, by whatever way'
);
select lives_ok(
  $$ create function public.newcomer() returns integer language sql set search_path = '' return 1 $$,
  'the owner of the hub may add a function'
);
select is_empty(
  $$
    select from pg_proc, aclexplode(coalesce(proacl, acldefault('f', proowner))) as acl
    where oid = 'public.newcomer()'::regprocedure and acl.grantee = 0
  $$,
  'and PUBLIC may not execute it unless he says so'
);
drop function public.newcomer();
select is_empty(
  $$
    select name from pg_temp.api_role, pg_roles
    where pg_roles.oid = api_role.oid and (rolsuper or rolcreatedb or rolcreaterole)
  $$,
  'no role of the Data API has rights over the whole server'
);
select is_empty(
  $$ select rolname from pg_roles where rolname in ('anon', 'authenticated') and rolbypassrls $$,
  'row level security binds customers and anonymous callers'
);

-- Lints 0025 to 0029 of the advisor -----------------------------------------------------------------------------------

select is_empty(
  $$
    select policyname from pg_policies
    where schemaname = 'storage' and tablename = 'objects' and cmd in ('SELECT', 'ALL')
      and (roles && array['public', 'anon']::name[] or coalesce(qual, '') !~ 'uid\(\)')
  $$,
  'lint 0025: no policy lets anybody list a public bucket beyond his own folder'
);
select bag_eq(
  $$
    select relname::text from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f')
      and has_any_column_privilege('anon', oid, 'select')
  $$,
  array['session_config'],
  'lint 0026: GraphQL, should a hub switch it on, shows the anonymous no table but the price list'
);
select is_empty(
  $$
    select relname from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f')
      and has_any_column_privilege('authenticated', oid, 'select')
      and relname not in (
        'session_config', 'user_sessions', 'conversations', 'chat_messages', 'image_generations', 'video_generations',
        'purchase'
      )
  $$,
  'lint 0027: and customers none but those whose rows their policies choose'
);
select is_empty(
  $$
    select schema from unnest(array['private', 'cron', 'net', 'vault']) as schema
    where to_regnamespace(schema) is not null
      and (has_schema_privilege('anon', schema, 'usage') or has_schema_privilege('authenticated', schema, 'usage'))
  $$,
  'lints 0026 and 0027: what lies in a schema of its own is beyond both'
);
select is_empty(
  $$
    select oid::regprocedure from pg_proc
    where pronamespace = 'public'::regnamespace and prosecdef and has_function_privilege('anon', oid, 'execute')
  $$,
  'lint 0028: the anonymous may execute no function that acts with its owner''s rights'
);
-- The exceptions: customers write no table themselves, so what they may do is done for them, on their own rows alone.
select bag_eq(
  $$
    select proname::text from pg_proc
    where pronamespace = 'public'::regnamespace and prosecdef and has_function_privilege('authenticated', oid, 'execute')
  $$,
  array[
    'reserve_generation', 'start_session', 'session_balance', 'generation_status', 'cancel_generation', 'open_purchase',
    'purchase_status', 'delete_pictures', 'restore_pictures'
  ],
  'lint 0029: customers may execute nine such functions'
);
-- A function looks at him where it takes the rows by his id: as `customer`, set from auth.uid(), or by that itself.
select is_empty(
  $$
    select proname from pg_proc
    where pronamespace = 'public'::regnamespace and prosecdef and has_function_privilege('authenticated', oid, 'execute')
      and pg_get_functiondef(oid) !~ 'user_id = (customer|\(select auth\.uid\(\)\))'
  $$,
  'lint 0029: each of which looks at auth.uid() first'
);

select * from finish();
rollback;
