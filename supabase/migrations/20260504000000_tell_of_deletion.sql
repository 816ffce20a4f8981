/*
 * A customer's other pages hear that a picture was deleted, or had back: by the broadcast that tells of any change of its
 * request.
 *
 * Owns: when a deletion is told of, and nothing of what is told.
 */
create constraint trigger image_generations_tell_of_deletion
  after update of deleted_at on public.image_generations
  deferrable initially deferred for each row
  when (old.deleted_at is distinct from new.deleted_at)
  execute function private.tell_of_generation();
