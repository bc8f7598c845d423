/** A reason not to start that the person running the host can act on; its message is shown as it is, without a stack. */
export class StartError extends Error {
  override readonly name = "StartError";
}
