/** One setting of the environment: what it is called, what it means, and what a valid value looks like. */
export interface Setting {
  readonly name: string;
  readonly meaning: string;
  readonly expects: string;
  readonly default?: string;
}
