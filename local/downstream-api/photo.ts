import { createHash } from "node:crypto";
import { crc32, deflateSync } from "node:zlib";

const size = 48;

/** A small PNG for somebody: a disc in a colour of their own (ISO/IEC 15948). */
export function photoOf(objectId: string): Buffer {
  const [red = 0, green = 0, blue = 0] = createHash("sha256").update(objectId).digest();
  const rows = Array.from({ length: size }, (_, y) =>
    Buffer.from([
      0,
      ...Array.from({ length: size }, (_each, x) => (isInDisc(x, y) ? [red, green, blue] : [255, 255, 255])).flat(),
    ]),
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

function isInDisc(x: number, y: number): boolean {
  const centre = (size - 1) / 2;
  return (x - centre) ** 2 + (y - centre) ** 2 <= centre ** 2;
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "ascii"), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}
