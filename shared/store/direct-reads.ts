import { createDefaultHttpClient, type HttpClient } from "@azure/core-rest-pipeline";
import type { Container } from "@azure/cosmos";
import http from "node:http";
import https from "node:https";
import { measure } from "../telemetry/metrics.ts";
import { httpGet } from "./http-get.ts";
import { BusyError, readAnswerOf, type ReadAnswer } from "./read-answer.ts";
import { readDocuments } from "./read-documents.ts";
import { fieldsOf, isPlainName, sampleOf, type SampleRead, type Sign } from "./sample-read.ts";

/** Reads a document. Undefined if this is for the SDK. */
export type DirectRead = (id: string, signal: AbortSignal) => Promise<ReadAnswer | undefined>;

export interface DirectReads {
  /** For the SDK: sends its requests, and takes its reads for samples. */
  readonly httpClient: HttpClient;
  ofContainer(container: Container): DirectRead;
}

/**
 * How long the SDK's last read is the sample for others, in milliseconds. Then one read is the SDK's again: its tokens are valid
 * for longer than that, and it may have chosen another endpoint meanwhile.
 */
const sampleMs = 20_000;
/** How long others go by the earlier sample meanwhile, in milliseconds. If all waited for the SDK, it would keep them waiting. */
const graceMs = 5_000;
/** How long, in milliseconds, all reads are the SDK's after one here has failed. */
const pauseMs = 10_000;

interface Kept {
  readonly sample: SampleRead;
  readonly until: number;
  /** Whether a read has been left to the SDK since, for the next sample. */
  isOld: boolean;
}

/**
 * Point reads without the SDK, which takes more CPU time for one than all the rest of an API call. They are made like the
 * SDK's own last read: the same endpoint, the same token, the same fields. So discovery, regions, tokens and whatever is rare
 * remain the SDK's business, and only a document, "not found" and "too many requests" count as answers here. After any other,
 * or none, the SDK reads.
 *
 * A document that this instance has read before is read with If-None-Match: if it has not changed, the answer says just that,
 * as reliably as the document itself would, and costs what the smallest document costs. Documents are not to be changed, because
 * the next read may return the same object.
 * @param sign with an account key; otherwise the sample's token is used
 */
export function directReads(sign?: Sign): DirectReads {
  const sent = createDefaultHttpClient();
  const [plain, tls] = [
    new http.Agent({ keepAlive: true }),
    new https.Agent({ keepAlive: true, minVersion: "TLSv1.2" }),
  ];
  const documents = readDocuments();
  const samples = new Map<string, Kept>();
  let pausedUntil = 0;

  const keep = (sample: SampleRead) =>
    void samples.set(sample.folder, { sample, until: performance.now() + sampleMs, isOld: false });
  const pause = () => {
    samples.clear();
    pausedUntil = performance.now() + pauseMs;
  };

  const httpClient: HttpClient = {
    async sendRequest(request) {
      const answer = await sent.sendRequest(request);
      if (performance.now() < pausedUntil || answer.status !== 200) return answer;
      const sample = sampleOf(request, sign);
      if (sample) keep(sample);
      return answer;
    },
  };

  const ask = async (sample: SampleRead, id: string, signal: AbortSignal) => {
    const { endpoint, folder } = sample;
    const agent = endpoint.protocol === "https:" ? tls : plain;
    const path = folder + id;
    const known = documents.get(path);
    const fields = fieldsOf(sample, id, sign);
    const headers = known === undefined ? fields : { ...fields, "if-none-match": known.etag };
    const answer = await httpGet({ ...endpoint, agent, path, headers }, signal);
    const read = readAnswerOf(answer, known);
    if (read?.statusCode === 404) documents.forget(path);
    if (read?.statusCode === 200 && read.resource?.["id"] === id && read.etag !== "") {
      documents.keep(path, { etag: read.etag, resource: read.resource }, answer.body.length);
    }
    return read;
  };

  return {
    httpClient,
    ofContainer({ database, id: name }) {
      const folder = `/dbs/${database.id}/colls/${name}/docs/`;
      return async (id, signal) => {
        const known = samples.get(folder);
        if (known === undefined || !isUsable(known) || !isPlainName(id)) return undefined;
        try {
          const answer = await ask(known.sample, id, signal);
          if (answer) return answer;
          pause();
        } catch (error) {
          if (error instanceof BusyError) throw error;
          pause();
          if (signal.aborted) throw error;
        }
        measure("bff.store.retries", 1, { operation: `read in ${name}` });
        return undefined;
      };
    },
  };
}

/** Not for the first read after its time: that is the SDK's. */
function isUsable(kept: Kept): boolean {
  const pastMs = performance.now() - kept.until;
  if (pastMs <= 0) return true;
  const wasOld = kept.isOld;
  kept.isOld = true;
  return wasOld && pastMs <= graceMs;
}
