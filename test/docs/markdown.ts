import { globSync, readFileSync } from "node:fs";
import GithubSlugger from "github-slugger";
import { marked, type Token, type Tokens } from "marked";

/** A page of the documentation, read once. */
export interface Page {
  /** Path from the root of the repository. */
  readonly path: string;
  readonly text: string;
  readonly tokens: readonly Token[];
}

/** Every page of the repository; none of what tools have put beside them, and none that a new app gets. */
export function allPages(): readonly Page[] {
  const exclude = ["node_modules/**", "dist/**", ".local/**", "**/node_modules/**", "packages/create/template/**"];
  return globSync("**/*.md", { exclude })
    .map((path) => path.replaceAll("\\", "/"))
    .sort()
    .map(readPage);
}

export function readPage(path: string): Page {
  const text = readFileSync(path, "utf8");
  return { path, text, tokens: marked.lexer(text) };
}

/** All tokens of one type, however deep. */
export function tokensOf<Type extends keyof TokenTypes>(
  { tokens }: Pick<Page, "tokens">,
  type: Type,
): TokenTypes[Type][] {
  const found: TokenTypes[Type][] = [];
  // A walker that waits for nothing leaves nothing to wait for.
  void marked.walkTokens([...tokens], (token) => {
    if (token.type === type) found.push(token as TokenTypes[Type]);
  });
  return found;
}

interface TokenTypes {
  readonly code: Tokens.Code;
  readonly codespan: Tokens.Codespan;
  readonly heading: Tokens.Heading;
  readonly image: Tokens.Image;
  readonly link: Tokens.Link;
  readonly table: Tokens.Table;
}

/** The texts of a page's code, blocks and spans. */
export function codeOf(page: Page): string[] {
  return [...tokensOf(page, "code"), ...tokensOf(page, "codespan")].map(({ text }) => text);
}

/** The anchors of a page's headings, as GitHub makes them. */
export function anchorsOf(page: Page): ReadonlySet<string> {
  const slugger = new GithubSlugger();
  return new Set(tokensOf(page, "heading").map(({ text }) => slugger.slug(plain(text))));
}

/** The rows of the table whose first column has this title, without markup in the cells. */
export function tableOf(page: Page, title: string): readonly (readonly string[])[] {
  const table = tokensOf(page, "table").find(({ header }) => header[0]?.text === title);
  if (!table) throw new Error(`${page.path} has no table whose first column is ${title}`);
  return table.rows.map((cells) => cells.map(({ text }) => plain(text)));
}

/** Text without code marks, emphasis and addresses of links. */
function plain(text: string): string {
  return text
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replaceAll(/`|\*\*/g, "")
    .trim();
}
