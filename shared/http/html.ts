/** Markup that is safe to send: literals of the source, with every value between them escaped. */
export class Html {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Template tag: escapes strings, inserts {@link Html} as it is, and leaves out undefined. */
export function html(literals: TemplateStringsArray, ...values: readonly (string | Html | undefined)[]): Html {
  const markup = literals.reduce((text, literal, index) => text + render(values[index - 1]) + literal);
  return new Html(markup);
}

function render(value: string | Html | undefined): string {
  if (value instanceof Html) return value.markup;
  return (value ?? "").replaceAll(/[&<>"']/g, (character) => entities[character] ?? "");
}

export function joined(parts: readonly Html[]): Html {
  return new Html(parts.map(({ markup }) => markup).join(" "));
}
