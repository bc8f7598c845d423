import { createHash } from "node:crypto";
import { type Html, html } from "@entra-functions-bff/stand-in-kit/html";
import type { DumpedDocument } from "./documents.ts";
import { isJsonObject } from "./responses.ts";

const MAX_STRING_SHOWN = 160;

const ADDED: ReadonlySet<string> = new Set(["_rid", "_self", "_etag", "_attachments", "_ts"]);

/** What a document of this app's containers is, and what it is for. */
const KINDS: Readonly<Record<string, { readonly title: string; readonly meaning: string }>> = {
  accounts: {
    title: "Account document",
    meaning: "One for each account, with a session for each of its browsers. Signing out deletes it.",
  },
  sids: {
    title: "Index entry",
    meaning:
      "Leads from the hash of an identity provider’s session (sid) to the account. It outlives the sign-out, so that a sign-in still under way is refused.",
  },
};

/** One document: its encrypted values first, then the rest, and folded what Azure Cosmos DB has added. */
export function documentCard({ database, container, id, body }: DumpedDocument): Html {
  const stored: unknown = JSON.parse(body);
  const { own, added } = parted(stored);
  const kind = Object.hasOwn(KINDS, container) ? KINDS[container] : undefined;
  return html`<article
    id="d${hash(JSON.stringify([database, container, id]))}"
    data-version="${hash(body)}"
    ${endsAt(stored)}
    ${kind === KINDS["accounts"] && html`data-ends-with="sign-out"`}
  >
    <h2><b class="title">${kind?.title ?? container}</b> <span>${database} / ${container} / ${id}</span></h2>
    <p class="state"></p>
    ${kind && html`<p class="what">${kind.meaning}</p>`}
    <div class="content">
      ${sealedValues(stored).map(sealedFigure)}
      <details class="whole">
        <summary>The document</summary>
        <pre>${asJson(own)}</pre>
      </details>
      <details>
        <summary>Added by Azure Cosmos DB</summary>
        <pre>${asJson(added)}</pre>
      </details>
    </div>
  </article>`;
}

/** Where the page shows a document: a mark is an index entry that only says that its session was signed out. */
export type Section = "documents" | "entries" | "marks";

export function sectionOf({ container, body }: DumpedDocument): Section {
  if (container !== "sids") return "documents";
  const stored: unknown = JSON.parse(body);
  return isJsonObject(stored) && typeof stored["signedOutAt"] === "string" ? "marks" : "entries";
}

function sealedFigure(sealed: string): Html {
  return html`<figure>
    <figcaption>
      <strong>sealed</strong> Tokens and names, encrypted: ${sealed.length} characters. The key is in one browser’s
      cookie only.
    </figcaption>
    <code>${sealed}</code>
  </figure>`;
}

function sealedValues(value: unknown): readonly string[] {
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([name, child]) =>
    name === "sealed" && typeof child === "string" ? [child] : sealedValues(child),
  );
}

/** The app's own properties, and those that Azure Cosmos DB has added to them. */
function parted(stored: unknown): { readonly own: unknown; readonly added: unknown } {
  if (!isJsonObject(stored)) return { own: stored, added: {} };
  const part = (wanted: boolean) =>
    Object.fromEntries(Object.entries(stored).filter(([name]) => ADDED.has(name) === wanted));
  return { own: part(false), added: part(true) };
}

/** When its time to live is over, so that the page can tell a deletion from that. */
function endsAt(stored: unknown): Html | false {
  if (!isJsonObject(stored)) return false;
  const { ttl, _ts: written } = stored;
  return typeof ttl === "number" && typeof written === "number" && html`data-expires="${written + ttl}"`;
}

function asJson(value: unknown): string {
  return JSON.stringify(shortened(value), undefined, 2);
}

function shortened(value: unknown, name = ""): unknown {
  if (typeof value === "string") {
    if (name === "sealed") return `… (above, ${value.length} characters)`;
    if (value.length <= MAX_STRING_SHOWN) return value;
    return `${value.slice(0, MAX_STRING_SHOWN / 2)}… (${value.length} characters)`;
  }
  if (Array.isArray(value)) return value.map((each) => shortened(each));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, shortened(child, key)]));
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
