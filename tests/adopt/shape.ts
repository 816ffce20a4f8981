/**
 * The shape of a hub, written down so that two hubs can be compared: all that PostgreSQL's catalogues say of the schemas
 * public and private, and of the rules of the pictures' buckets. Owns the list of what counts as shape; no row does.
 */
import type postgres from "postgres";

/** Each line says what it is about, and then one property of it. */
const QUERY = `
with held as (
  select relnamespace::regnamespace::text || '.' || relname as name, pg_class.* from pg_class where relnamespace::regnamespace::text in ('public', 'private')
), routine as (
  select pg_proc.oid::regprocedure::text as name, pg_proc.* from pg_proc
  where pronamespace::regnamespace::text in ('public', 'private') and prokind in ('f', 'p')
)
select 'schema ' || nspname || ' ' || nspowner::regrole || ' ' || coalesce(nspacl::text, '') as line
from pg_namespace where nspname in ('public', 'private')
union all
select format('relation %s kind %s persistence %s owner %s security %s %s options %s comment %s',
  held.name, held.relkind, held.relpersistence, held.relowner::regrole, held.relrowsecurity, held.relforcerowsecurity,
  held.reloptions, obj_description(held.oid, 'pg_class')) from held
union all
select format('grant on %s: %s', held.name, item) from held, unnest(held.relacl) as item
union all
select format('column %s.%s place %s type %s not null %s default %s generated %s identity %s collation %s comment %s',
  held.name, attname, attnum, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid), attgenerated,
  attidentity, attcollation, col_description(held.oid, attnum))
from held join pg_attribute on attrelid = held.oid and attnum > 0
left join pg_attrdef on adrelid = attrelid and adnum = attnum
union all
select format('grant on %s.%s: %s', held.name, attname, item)
from held join pg_attribute on attrelid = held.oid, unnest(attacl) as item
union all
select format('constraint %s %s %s validated %s', held.name, conname, pg_get_constraintdef(pg_constraint.oid), convalidated)
from held join pg_constraint on conrelid = held.oid
union all
select format('index %s valid %s', pg_get_indexdef(indexrelid), indisvalid) from held join pg_index on indrelid = held.oid
union all
select format('trigger %s enabled %s', pg_get_triggerdef(pg_trigger.oid), tgenabled)
from held join pg_trigger on tgrelid = held.oid where not tgisinternal
union all
select format('policy %s', to_jsonb(pg_policies)) from pg_policies
where schemaname in ('public', 'private')
  or (schemaname = 'storage' and concat(qual, with_check) ~ 'generated-(images|videos)')
union all
select format('function %s owner %s %s', routine.name, routine.proowner::regrole, pg_get_functiondef(routine.oid))
from routine
union all
select format('grant on %s: %s', routine.name, item) from routine, unnest(routine.proacl) as item
union all
select format('published %s.%s in %s', schemaname, tablename, pubname) from pg_publication_tables
where schemaname in ('public', 'private')
union all
select format('bucket %s', to_jsonb(buckets) - 'created_at' - 'updated_at' - 'owner' - 'owner_id')
from storage.buckets where id ~ '^generated-'
order by 1`;

/** One line a property, in order. `but` matches what an owner has besides the hub. */
export async function shapeOf(sql: postgres.Sql, but = /^$/): Promise<string[]> {
  const rows = await sql.unsafe(QUERY);
  return rows.map(({ line }) => line as string).filter((line) => !but.test(line));
}
