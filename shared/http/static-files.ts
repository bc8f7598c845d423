import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { LRUCache } from "lru-cache";
import { lookup } from "mrmime";
import { sha256Base64Url } from "../core/encoding.ts";
import { hasHashInName } from "./hashed-name.ts";
import { listStaticFolder, type StaticFolder } from "./static-folder.ts";

/** How a file can be sent (RFC 9110 section 8.4.1), and what a file that is compressed in advance has after its name. */
const suffixes = { br: ".br", gzip: ".gz", identity: "" } as const;
export type Coding = keyof typeof suffixes;

/** A file of the app's own front end, which everybody may have. */
export interface StaticFile {
  readonly contentType: string;
  /** Whether its name changes with its contents. */
  readonly isImmutable: boolean;
  readonly isCompressible: boolean;
  /** Its contents, with an entity tag for each coding (RFC 9110 section 8.8.3.3). */
  read(coding: Coding): Promise<Representation>;
}

export interface Representation {
  readonly body: Buffer;
  readonly etag: string;
}

export interface StaticFiles {
  /** `index.html`, which is also the page of addresses that only its script knows. */
  readonly page: StaticFile;
  /**
   * @param pathname of a URL, still percent-encoded. No path leads out of the folder, because only a file that was listed can be
   *   found. `/about` also finds `about.html` and `about/index.html`
   */
  find(pathname: string): StaticFile | undefined;
}

/** @throws {ConfigurationError} as {@link listStaticFolder} does */
export function staticFilesIn(given: string): StaticFiles {
  const folder = listStaticFolder(given);
  const read = reader(folder);
  const file = (name: string): StaticFile | undefined =>
    folder.names.has(name) && !isCompressedCopy(name, folder) ? describe(name, read) : undefined;
  return {
    page: describe("index.html", read),
    find(pathname) {
      const path = decoded(pathname)?.slice(1);
      if (path === undefined) return undefined;
      const base = path.replace(/\/$/, "");
      return file(path) ?? file(`${base}.html`) ?? file(`${base}/index.html`.replace(/^\//, ""));
    },
  };
}

function decoded(pathname: string): string | undefined {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return undefined;
  }
}

type Read = (name: string, coding: Coding) => Promise<Representation>;

function describe(name: string, read: Read): StaticFile {
  const type = lookup(name) ?? "application/octet-stream";
  const isText = /^text\/|[/+](?:javascript|json|xml)$/.test(type);
  return {
    contentType: isText ? `${type}; charset=utf-8` : type,
    isImmutable: hasHashInName(name),
    isCompressible: isText || type === "application/wasm",
    read: async (coding) => read(name, coding),
  };
}

function isCompressedCopy(name: string, { names }: StaticFolder): boolean {
  const [, original = ""] = /^(.+)\.(?:br|gz)$/.exec(name) ?? [];
  return names.has(original);
}

/** Contents in memory, all codings together. A file of more than a quarter of it is read each time. */
const keptBytes = 32 * 1024 * 1024;

/** Reads and compresses a file when it is first asked for. */
function reader(folder: StaticFolder): Read {
  const kept = new LRUCache<string, Representation, { readonly name: string; readonly coding: Coding }>({
    maxSize: keptBytes,
    maxEntrySize: keptBytes / 4,
    // An empty file has a size, too.
    sizeCalculation: ({ body }) => body.length + 1,
    fetchMethod: async (_key, _stale, { context: { name, coding } }) => {
      const body = await contents(folder, name, coding);
      return { body, etag: `"${sha256Base64Url(body).slice(0, 22)}"` };
    },
  });
  return async (name, coding) => kept.forceFetch(`${coding} ${name}`, { context: { name, coding } });
}

async function contents({ path, names }: StaticFolder, name: string, coding: Coding): Promise<Buffer> {
  const copy = name + suffixes[coding];
  if (names.has(copy)) return readFile(join(path, copy));
  const plain = await readFile(join(path, name));
  return coding === "br" ? promisify(brotliCompress)(plain, brotliOptions) : promisify(gzip)(plain, { level: 9 });
}

/** Nearly as small as the best quality, in a tenth of the time. */
const brotliOptions = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };
