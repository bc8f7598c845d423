import { basename, resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { isFrontEnd, type Given } from "./arguments.ts";
import { frontEnds, problemOfName, type FrontEnd } from "./create.ts";

export interface Terminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
}

/** Asks the person for what they have not said. */
export async function askFor(
  { folder, frontEnd }: Given,
  { input, output }: Terminal = { input: process.stdin, output: process.stdout },
): Promise<Required<Given>> {
  const terminal = createInterface({ input, output });
  const ask = async <T>(question: string, answerOf: (text: string) => T | Error): Promise<T> => {
    for (;;) {
      const answer = answerOf((await terminal.question(question)).trim());
      if (!(answer instanceof Error)) return answer;
      output.write(`${answer.message}\n`);
    }
  };
  try {
    return {
      folder: folder ?? (await ask("Folder (my-app): ", folderFrom)),
      frontEnd: frontEnd ?? (await ask(`Front end, ${frontEnds.join(", ")} (plain): `, frontEndFrom)),
    };
  } finally {
    terminal.close();
  }
}

function folderFrom(text: string): string | Error {
  const folder = text || "my-app";
  const problem = problemOfName(basename(resolve(folder)));
  return problem === undefined ? folder : new Error(problem);
}

function frontEndFrom(text: string): FrontEnd | Error {
  const frontEnd = text || "plain";
  return isFrontEnd(frontEnd) ? frontEnd : new Error(`One of ${frontEnds.join(", ")}, please.`);
}
