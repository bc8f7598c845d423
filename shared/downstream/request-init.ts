/** What `fetch` takes, as far as it makes sense here: no streams, which could not be sent again, and no other signal. */
export interface DownstreamInit {
  readonly method?: string;
  readonly headers?: NonNullable<RequestInit["headers"]>;
  readonly body?: NonNullable<Exclude<RequestInit["body"], ReadableStream>>;
}
