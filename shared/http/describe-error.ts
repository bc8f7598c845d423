/**
 * MSAL sets `errorNo`, the number of an AADSTS error, which says what to correct. Azure Cosmos DB sets `substatus`, which says
 * what a 403, 404 or 410 is about.
 */
type Label = "code" | "errorCode" | "errorNo" | "operation" | "substatus";

const maxDepth = 3;

/** Describes an error and its causes without their messages: those of libraries may hold tokens or personal data. */
export function describe(error: unknown, depth = 0): string {
  if (!(error instanceof Error)) return "A value that is not an error was thrown";
  const { code, errorCode, errorNo, operation, substatus } = labelsOf(error);
  const labels = [error.name, code, errorCode, errorNo, operation].filter(
    (label) => typeof label === "string" || typeof label === "number",
  );
  if (typeof substatus === "number" && substatus > 0) labels.push(`substatus ${substatus}`);
  const cause = error.cause === undefined || depth >= maxDepth ? [] : [`caused by ${describe(error.cause, depth + 1)}`];
  return [labels.join(" "), ...framesOf(error), ...cause].join("\n");
}

/** The number of the AADSTS error behind `error`, never its text: anybody can write a link that reports a refused sign-in. */
export function aadstsNumber(error: unknown, depth = 0): string | undefined {
  if (!(error instanceof Error) || depth > maxDepth) return undefined;
  const number = String(labelsOf(error).errorNo);
  return /^\d{4,7}$/.test(number) ? number : aadstsNumber(error.cause, depth + 1);
}

function labelsOf(error: Error): Readonly<Partial<Record<Label, unknown>>> {
  return error as Readonly<Partial<Record<Label, unknown>>>;
}

/** Skips the message, with which the stack begins: its lines may look like frames. */
function framesOf({ stack = "", message }: Error): string[] {
  const frames = stack.slice(stack.indexOf(message) + message.length);
  return frames
    .split("\n")
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 6);
}
