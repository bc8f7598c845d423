/** A goal with its figure. */
export interface Goal {
  readonly figure: string;
  readonly goal: string;
  readonly measured: string;
  readonly met: boolean;
}

/** How much slower or bigger still counts as noise. */
export const flat = 1.25;
