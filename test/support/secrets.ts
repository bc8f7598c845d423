import { decodeJwt } from "jose";

/** Something that must not turn up, and what to call it when it does: the message must not repeat it. */
export interface Secret {
  readonly name: string;
  readonly text: string;
}

/** Shorter pieces would turn up by chance. */
const shortest = 8;

/** The ways in which a text may be written down: as it is, escaped, in base64 and base64url at any offset, in hex. */
export function spellingsOf(text: string): Readonly<Record<string, Buffer>> {
  const utf8 = Buffer.from(text);
  const spellings: Record<string, Buffer> = {
    plain: utf8,
    "two bytes a letter": Buffer.from(text, "utf16le"),
    "escaped for a URL": Buffer.from(encodeURIComponent(text)),
    "escaped for JSON": Buffer.from(text.replaceAll(/[^ -~]/g, (letter) => `\\u${hex4(letter)}`)),
    "in hex": Buffer.from(utf8.toString("hex")),
  };
  for (const offset of [0, 1, 2]) {
    // What stands before or after decides about the letters at both ends; those between are the text's own.
    const inside = Buffer.concat([Buffer.alloc(offset), utf8])
      .toString("base64")
      .replace(/=+$/, "")
      .slice(offset + 1, -1);
    spellings[`in base64 (${offset})`] = Buffer.from(inside);
    spellings[`in base64url (${offset})`] = Buffer.from(inside.replaceAll("+", "-").replaceAll("/", "_"));
  }
  return spellings;
}

function hex4(letter: string): string {
  return (letter.codePointAt(0) ?? 0).toString(16).padStart(4, "0");
}

/** The parts by which a token can be recognised: of a JWT its payload, signature and unique claim, else all of it. */
export function partsOfToken(token: string, name: string): Secret[] {
  const [, payload = "", signature = ""] = token.split(".");
  const whole = { name, text: token };
  if (!signature) return [whole];
  const uti = decodeJwt(token)["uti"];
  return [
    whole,
    { name: `payload of ${name}`, text: payload },
    { name: `signature of ${name}`, text: signature },
    ...(typeof uti === "string" ? [{ name: `uti of ${name}`, text: uti }] : []),
  ];
}

/** Which of `secrets` turn up in `haystack`, in which spelling. */
export function findSecrets(haystack: Buffer, secrets: readonly Secret[]): string[] {
  return secrets.flatMap(({ name, text }) => {
    if (text.length < shortest) throw new Error(`${name} is too short to be looked for`);
    return Object.entries(spellingsOf(text)).flatMap(([spelling, bytes]) =>
      haystack.includes(bytes) ? [`${name}, ${spelling}`] : [],
    );
  });
}
