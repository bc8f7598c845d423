export type Status = "ok" | "warning" | "failed" | "not checked";

/** One line of the report. */
export interface Finding {
  readonly status: Status;
  readonly name: string;
  /** What was found and, unless it is fine, what to do about it. Holds no secret. */
  readonly text: string;
}

export function ok(name: string, text: string): Finding {
  return { status: "ok", name, text };
}

/** Works, but not for long or not well. */
export function warning(name: string, found: string, toDo: string): Finding {
  return { status: "warning", name, text: `${found}. ${toDo}` };
}

export function failed(name: string, found: string, toDo: string): Finding {
  return { status: "failed", name, text: `${found}. ${toDo}` };
}

/** Could not be checked: neither pass nor fail. */
export function notChecked(name: string, why: string): Finding {
  return { status: "not checked", name, text: `not checked: ${why}` };
}
