import { createHash } from "node:crypto";
import { crc32, deflateSync } from "node:zlib";

const size = 96;

/** A PNG for somebody: head and shoulders before a colour of their own (ISO/IEC 15948). */
export function photoOf(objectId: string): Buffer {
  const background = mutedColourOf(objectId);
  const figure = background.map((value) => Math.round(value + (255 - value) * 0.7));
  const rows = Array.from({ length: size }, (_, y) =>
    Buffer.from([0, ...Array.from({ length: size }, (_each, x) => (isFigure(x, y) ? figure : background)).flat()]),
  );
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(Buffer.concat(rows))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** Dark enough for a light figure. */
function mutedColourOf(text: string): number[] {
  return [...createHash("sha256").update(text).digest().subarray(0, 3)].map((value) => 60 + Math.round(value * 0.45));
}

function isFigure(x: number, y: number): boolean {
  const [across, down] = [x / (size - 1) - 0.5, y / (size - 1)];
  const isHead = across ** 2 + (down - 0.38) ** 2 <= 0.18 ** 2;
  const areShoulders = across ** 2 + (down - 0.98) ** 2 <= 0.36 ** 2;
  return isHead || areShoulders;
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "ascii"), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}
