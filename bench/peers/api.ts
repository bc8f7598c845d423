import type { Response } from "express";

const target = `${process.env["DownstreamApis__graph__BaseUrl"]}/me`;

/** Calls the API with a person's token and passes its answer on. */
export async function passOn(accessToken: string, response: Response): Promise<void> {
  const answer = await fetch(target, { headers: { authorization: `Bearer ${accessToken}` } });
  response
    .status(answer.status)
    .type("application/json")
    .send(Buffer.from(await answer.arrayBuffer()));
}
