import assert from "node:assert/strict";

/** A code block of docs/extending.md, by the remark above it. */
export function block(text: string, remark: string): string {
  const [, code] = new RegExp(`<!-- ${remark} -->\\n\\n\`\`\`\\w+\\n([^]*?)\`\`\``).exec(text) ?? [];
  return code ?? assert.fail(`docs/extending.md has no block after ${remark}`);
}
