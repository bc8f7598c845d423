import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import GithubSlugger from "github-slugger";
import { marked, type Token } from "marked";

/** A page of the documentation, read as GitHub reads it. */
export interface Page {
  /** Path from the project's folder, with slashes. */
  readonly file: string;
  readonly text: string;
  /** Addresses of links and pictures, as written. */
  readonly links: readonly string[];
  /** What `#…` may name in it. */
  readonly anchors: ReadonlySet<string>;
  /** Code blocks by language. */
  readonly code: readonly { readonly language: string; readonly text: string }[];
}

export async function readPages(): Promise<readonly Page[]> {
  const files = globSync(["*.md", "docs/**/*.md", "infra/**/*.md"]).map((file) => file.replaceAll("\\", "/"));
  return Promise.all(files.sort().map(readPage));
}

async function readPage(file: string): Promise<Page> {
  const text = await readFile(file, "utf8");
  const slugger = new GithubSlugger();
  const links: string[] = [];
  const anchors = new Set<string>();
  const code: { language: string; text: string }[] = [];
  void marked.walkTokens(marked.lexer(text), (token: Token) => {
    if (token.type === "link" || token.type === "image") links.push(String(token["href"]));
    if (token.type === "heading") anchors.add(slugger.slug(plainText(token)));
    if (token.type === "code") code.push({ language: String(token["lang"] ?? ""), text: String(token["text"]) });
  });
  return { file, text, links, anchors, code };
}

/** A heading's text without its marks: what GitHub makes the anchor from. */
function plainText(token: Token): string {
  const children = (token as { tokens?: readonly Token[] }).tokens;
  return children?.map(plainText).join("") ?? ("text" in token ? String(token.text) : "");
}
