/**
 * Storage's objects as files of the state folder: `<bucket>/<path of the object>/#data` beside `#about.json`, which
 * keeps what a file name cannot (type, caching). A file appears whole or not at all. Who may read what is decided before
 * this module is asked.
 */
import type { App } from "@supabase/lite";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { join } from "./paths.ts";
import { removeIfThere } from "./state.ts";

interface About {
  mimetype: string;
  cacheControl: string;
  size: number;
  eTag: string;
}

type StorageAdapter = NonNullable<App["_storageAdapter"]>;
type Metadata = Awaited<ReturnType<StorageAdapter["headObject"]>>;
type Body = Parameters<StorageAdapter["uploadObject"]>[3];

/** Makes the adapter that @supabase/lite stores through. */
export function objectFiles(folder: string): StorageAdapter {
  // A doubled `#` in keys keeps these two names out of every object's own path.
  const place = (bucket: string, key: string) => join(folder, bucket, key.replaceAll("#", "##"));
  const dataFile = (bucket: string, key: string) => join(place(bucket, key), "#data");
  const aboutFile = (bucket: string, key: string) => join(place(bucket, key), "#about.json");

  async function readMetadata(bucket: string, key: string): Promise<Metadata> {
    const about = JSON.parse(await Deno.readTextFile(aboutFile(bucket, key))) as About;
    const { mtime } = await Deno.stat(dataFile(bucket, key));
    return { ...about, contentLength: about.size, lastModified: mtime ?? undefined };
  }

  async function deleteObject(bucket: string, key: string): Promise<void> {
    await removeIfThere(dataFile(bucket, key));
    await removeIfThere(aboutFile(bucket, key));
    // Folders that are empty now go as well, up to the bucket's own.
    for (let path = place(bucket, key); path !== join(folder, bucket); path = join(path, "..")) {
      try {
        await Deno.remove(path);
      } catch {
        break;
      }
    }
  }

  return {
    driver: null,
    async getObject(bucket, key) {
      try {
        const metadata = await readMetadata(bucket, key);
        // Read whole: Deno.serve lost the end of a file that was handed to it as a stream of the file itself.
        const bytes = await Deno.readFile(dataFile(bucket, key));
        return { metadata, httpStatusCode: 200, body: Buffer.from(bytes.buffer) };
      } catch (error) {
        // Without a body the service answers that there is no such object.
        if (!(error instanceof Deno.errors.NotFound)) throw error;
        const metadata = { mimetype: "", cacheControl: "", size: 0, contentLength: 0, eTag: "" };
        return { metadata, httpStatusCode: 404 };
      }
    },
    async uploadObject(bucket, key, _version, body, mimetype, cacheControl) {
      await Deno.mkdir(place(bucket, key), { recursive: true });
      const draft = `${dataFile(bucket, key)}.${crypto.randomUUID()}`;
      try {
        const { size, eTag } = await writeBody(draft, body);
        const about: About = { mimetype, cacheControl, size, eTag };
        await Deno.writeTextFile(`${draft}.json`, JSON.stringify(about));
        await Deno.rename(`${draft}.json`, aboutFile(bucket, key));
        await Deno.rename(draft, dataFile(bucket, key));
        return { ...about, contentLength: size, lastModified: new Date() };
      } catch (error) {
        await removeIfThere(draft);
        throw error;
      }
    },
    deleteObject,
    async deleteObjects(bucket, keys) {
      for (const key of keys) await deleteObject(bucket, key);
    },
    async copyObject(bucket, key, _version, toBucket, toKey) {
      await Deno.mkdir(place(toBucket, toKey), { recursive: true });
      await Deno.copyFile(dataFile(bucket, key), dataFile(toBucket, toKey));
      await Deno.copyFile(aboutFile(bucket, key), aboutFile(toBucket, toKey));
      const { eTag, lastModified } = await readMetadata(toBucket, toKey);
      return { httpStatusCode: 200, eTag, lastModified };
    },
    headObject: (bucket, key) => readMetadata(bucket, key),
    privateAssetUrl: (bucket, key) => Promise.resolve(`file://${dataFile(bucket, key)}`),
  };
}

async function writeBody(path: string, body: Body): Promise<{ size: number; eTag: string }> {
  const hash = createHash("md5");
  let size = 0;
  using file = await Deno.open(path, { createNew: true, write: true });
  const chunks = body instanceof Uint8Array ? [body] : body as unknown as AsyncIterable<Uint8Array>;
  for await (const chunk of chunks) {
    hash.update(chunk);
    size += chunk.byteLength;
    // Not through file.writable: closing the file then loses the chunk that was written last.
    for (let written = 0; written < chunk.byteLength;) written += await file.write(chunk.subarray(written));
  }
  return { size, eTag: `"${hash.digest("hex")}"` };
}
