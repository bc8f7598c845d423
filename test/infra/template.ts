import { readFile } from "node:fs/promises";
import { isRecord } from "../../shared/core/encoding.ts";

/** A compiled template, as far as the tests read it. */
export interface Template {
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly parameters: Readonly<Record<string, Parameter>>;
  readonly outputs: Readonly<Record<string, Parameter>>;
}

export interface Parameter {
  readonly type?: string;
  readonly defaultValue?: unknown;
  readonly metadata?: { readonly description?: string };
}

/** What a template would deploy. Values that only Azure knows are expressions in brackets. */
export interface Prediction {
  readonly predictedResources: readonly Resource[];
  readonly outputs: Readonly<Record<string, string>>;
}

export interface Resource {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly location?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly [other: string]: unknown;
}

export const templateFile = "infra/main.json";

/** What `infra/main.bicep` would deploy with the defaults, and with everything private that can be. */
export const predictionFiles = {
  public: "infra/main.snapshot.json",
  private: "infra/private.snapshot.json",
} as const;

export type Variant = keyof typeof predictionFiles;
export const variants: readonly Variant[] = ["public", "private"];

/** `infra/main.json`: what `infra/main.bicep` compiles to. */
export async function readTemplate(): Promise<Template> {
  return JSON.parse(await readFile(templateFile, "utf8")) as Template;
}

/** The committed prediction of a variant. */
export async function readPrediction(variant: Variant = "public"): Promise<Prediction> {
  return JSON.parse(await readFile(predictionFiles[variant], "utf8")) as Prediction;
}

export function resourcesOf(prediction: Prediction, type: string): readonly Resource[] {
  return prediction.predictedResources.filter((resource) => resource.type === type);
}

/** The only resource of that type, and of that name's end if several types of it are there. */
export function resourceOf(prediction: Prediction, type: string, nameEnd = ""): Resource {
  const [first, ...others] = resourcesOf(prediction, type).filter(({ name }) => name.endsWith(nameEnd));
  if (first === undefined || others.length > 0) throw new Error(`${others.length + 1} or no ${type} ${nameEnd}`);
  return first;
}

/** The value at a path such as `properties.siteConfig.minTlsVersion`; undefined where there is none. */
export function at(value: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((inner, key) => (isRecord(inner) ? inner[key] : undefined), value);
}

/** The version of the compiler that made the template. */
export function generatorOf(template: Template): string {
  return String(at(template.metadata, "_generator.version"));
}

/** The template without the notes of the compiler about itself, which differ from version to version. */
export function withoutGenerator(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutGenerator);
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).filter(([key]) => key !== "_generator");
  return Object.fromEntries(entries.map(([key, inner]) => [key, withoutGenerator(inner)]));
}
