// Azure publishes 1 RU for a point read of 1 KB and 10 RU for one of 100 KB, and five times that for writes.
const BYTES_PER_KB = 1024;
const READ_UNITS_PER_FURTHER_KB = 1 / 11;
const WRITE_FACTOR = 5;

/** Request units for reading `bytes` of document by id and partition key. A miss costs what a small read costs. */
export function readCharge(bytes: number): number {
  const furtherKilobytes = Math.max(0, bytes / BYTES_PER_KB - 1);
  return rounded(1 + furtherKilobytes * READ_UNITS_PER_FURTHER_KB);
}

/** Request units for writing or deleting `bytes` of document. */
export function writeCharge(bytes: number): number {
  return rounded(WRITE_FACTOR * readCharge(bytes));
}

function rounded(units: number): number {
  return Math.round(units * 100) / 100;
}
