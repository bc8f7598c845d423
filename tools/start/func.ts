import { findFunc, funcMissing, runFunc } from "../deploy/func.ts";
import { packageApp } from "../deploy/package.ts";
import { apiStandIns } from "./api-stand-ins.ts";
import { startPlatform, type Platform, type Ports, type Settings } from "@entra-functions-bff/development";

export interface UnderFuncOptions {
  /** The project, with the bundle built. */
  readonly root: string;
  /** Where the app is packaged and run. */
  readonly packageFolder: string;
  /** Where the local parts keep their data. */
  readonly dataFolder: string;
  readonly ports: Ports;
  /** As for `npm start`. */
  readonly settings: Settings;
  /** For `func` itself; its PATH is searched. */
  readonly environment: NodeJS.ProcessEnv;
  readonly printError: (text: string) => void;
  /** Called when everything around the app is running. */
  readonly ready?: (platform: Platform) => void;
}

export const funcMissingExitCode = 3;

/**
 * Runs the package that would be published under the Azure Functions Core Tools, with the local stand-ins, until `func`
 * ends. Resolves with its exit code, or with 3 if `func` is missing.
 */
export async function runUnderFunc(options: UnderFuncOptions): Promise<number> {
  const { root, packageFolder, dataFolder, ports, settings } = options;
  const func = await findFunc(options.environment);
  if (func === undefined) {
    options.printError(funcMissing);
    return funcMissingExitCode;
  }
  await packageApp(root, packageFolder);
  const platform = await startPlatform({
    folder: dataFolder,
    ports,
    settings,
    holdSignOutPage: true,
    apis: await apiStandIns(),
  });
  try {
    options.ready?.(platform);
    const environment = { ...options.environment, ...platform.environment, ...hostSettings(platform) };
    return await runFunc(func, ["start", "--port", String(ports.app)], { folder: packageFolder, environment });
  } finally {
    await platform.stop();
  }
}

/** What `local.settings.json` would tell the Functions host. */
function hostSettings({ queueStorage }: Platform): Settings {
  return {
    FUNCTIONS_WORKER_RUNTIME: "node",
    ...(queueStorage && {
      // Keys are kept in files, because the stand-in has only queues. The other services are named too, so that the
      // host does not look for them in Azure.
      AzureWebJobsSecretStorageType: "files",
      AzureWebJobsStorage: `${queueStorage.connectionString};BlobEndpoint=${queueStorage.url}/no-blobs`,
    }),
  };
}
