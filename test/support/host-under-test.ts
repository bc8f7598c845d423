/**
 * The local functions host as a program that knows nothing of the tests, for `HOST_UNDER_TEST`: it takes the folder and
 * the port from the environment, and writes its log as Microsoft's host does, the category on one line and the message,
 * indented, on the next.
 */
const { APP_FOLDER = "", PORT = "" } = process.env;
const hostLine = /^[\d:.]+ (\w+) +([\w.-]+): (.*)$/gm;
const write = process.stdout.write.bind(process.stdout);
process.stdout.write = (text: string | Uint8Array) =>
  write(String(text).replaceAll(hostLine, "\u001b[40m$1\u001b[49m: $2[0]\n      $3"));

process.argv = [...process.argv.slice(0, 1), "main.ts", "--app", APP_FOLDER, "--port", PORT, "--end-on-crash"];
await import("@entra-functions-bff/functions-host/main");
