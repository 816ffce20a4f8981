/*
 * Pictures of the original deployment keep the address under which their customers know them.
 *
 * Owns: what image_generations says of where a picture lies. The original named its objects by the clock, below the
 * customer's folder; objects cannot be renamed by SQL, and an address that was sent to somebody must go on working. A row
 * that was carried over (supabase/adopt) says so in its digest, which for every other row is the SHA-256 of a request, and
 * is the only kind that may lie under another name than the one that the database drew.
 */

alter table public.image_generations
  drop constraint image_generations_object_name_check,
  add constraint image_generations_object_name_check check (
    object_name ~ '\.(png|jpg|webp)$'
    and starts_with(
      object_name,
      user_id::text || '/' || case request_digest when 'original' then '' else storage_key::text || '.' end
    )
  ),
  -- It was never a hold: it came with its picture.
  add constraint image_generations_original_check check (request_digest <> 'original' or object_name is not null);
