import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { conditions } from "../shared/errors.ts";

export interface Route {
  readonly name: string;
  readonly methods: readonly string[];
  /** As browsers see it, with a leading slash. */
  readonly path: string;
  readonly needsKey: boolean;
  /** From the definition's doc comment: Markdown. */
  readonly does: string;
}

/** The page's own template, which matches the empty path alone. */
const emptyPath = "{ignored:maxlength(0)?}";

const definition = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*export const \w+: FunctionDefinition = \{([\s\S]*?)\n\};/g;

/**
 * Every HTTP function, from the definitions in `functions/` and their doc comments, which begin like
 * `` `GET /auth/me`: who is signed in. ``
 * @throws {Error} for a definition that cannot be read, or whose comment is about another route
 */
export async function readRoutes(): Promise<readonly Route[]> {
  const files = globSync("functions/*.ts").sort();
  const texts = await Promise.all(files.map((file) => readFile(file, "utf8")));
  return texts
    .flatMap((text) => [...text.matchAll(definition)].map(([, comment = "", body = ""]) => routeOf(comment, body)))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function routeOf(comment: string, body: string): Route {
  const name = /^ {2}name: "([^"]+)"/m.exec(body)?.[1];
  const route = /^ {2}route: "([^"]+)"/m.exec(body)?.[1];
  const methods = [...(/^ {2}methods: \[([^\]]+)\]/m.exec(body)?.[1] ?? "").matchAll(/"([A-Z]+)"/g)].map(
    ([, method = ""]) => method,
  );
  if (name === undefined || route === undefined || methods.length === 0) {
    throw new Error(`This definition cannot be read:\n${body}`);
  }
  const path = `/${route === emptyPath ? "" : route}`;
  const text = comment.replaceAll(/\s*\n\s*\*?\s*/g, " ").trim();
  const [, documented, does] = /^`([^`]+)`:? (.+)$/.exec(text) ?? [];
  if (does === undefined || documented?.split(" ").at(-1) !== path) {
    throw new Error(`The comment of ${name} does not begin with \`${methods.join("|")} ${path}\`: ${text}`);
  }
  return { name, methods, path, needsKey: body.includes('authLevel: "function"'), does: firstSentence(does) };
}

function firstSentence(text: string): string {
  const [first = ""] = text.replace(/^\(([^)]*)\)/, "$1").split(/\.(?: |$)/);
  return first;
}

const marked = (name: string) => new RegExp(`(<!-- ${name}: npm run docs:http -->\\n)[\\s\\S]*?(\\n<!-- end -->)`);

/** docs/http.md with its generated tables as they should be; what stands between them stays. */
export function withTables(text: string, routes: readonly Route[]): string {
  return [
    ["routes", routeTable(routes)],
    ["errors", errorTable()],
  ].reduce((current, [name = "", table]) => {
    if (!marked(name).test(current)) throw new Error(`docs/http.md has no place for the table of ${name}`);
    return current.replace(marked(name), (_all, begin: string, end: string) => `${begin}\n${table}\n${end}`);
  }, text);
}

function routeTable(routes: readonly Route[]): string {
  const rows = routes.map(({ methods, path, needsKey, does }) => {
    const allMethods = methods.length > 2 ? "any" : methods.join(", ");
    return `| \`${allMethods} ${path}\` | ${escaped(does)}${needsKey ? "; only with a function key" : ""} |`;
  });
  return ["| Route | Does |", "| --- | --- |", ...rows].join("\n");
}

function errorTable(): string {
  const rows = Object.entries(conditions).map(([code, { status, title }]) => `| ${status} | \`${code}\` | ${title} |`);
  return ["| Status | Code | What a person reads |", "| --- | --- | --- |", ...rows.sort()].join("\n");
}

function escaped(text: string): string {
  return text.replaceAll("|", "\\|");
}
