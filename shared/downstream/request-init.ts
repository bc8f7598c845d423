/** What `fetch` takes, as far as it makes sense here: no other signal. */
export interface DownstreamInit {
  readonly method?: string;
  readonly headers?: NonNullable<RequestInit["headers"]>;
  /** A stream can be sent once: when the API asks for a newer token meanwhile, the call fails with `send_again`. */
  readonly body?: NonNullable<RequestInit["body"]>;
}
