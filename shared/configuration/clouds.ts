/** A cloud of Microsoft's, as far as sign-in, Microsoft Graph and the app's registration differ between them. */
export interface Cloud {
  /** Hosts that `AzureAd__Instance` may name. The first is in the issuer of managed identities' tokens. */
  readonly authorityHosts: readonly [string, ...string[]];
  /** Origins of Microsoft Graph, the usual one first. */
  readonly graphs: readonly [string, ...string[]];
  /** Audience of federated credentials. */
  readonly tokenExchangeAudience: string;
  /** Undefined if Microsoft has not published it. */
  readonly portal?: string;
}

const publicCloud: Cloud = {
  authorityHosts: ["login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"],
  graphs: ["https://graph.microsoft.com"],
  tokenExchangeAudience: "api://AzureADTokenExchange",
  portal: "https://portal.azure.com",
};

export const clouds: readonly Cloud[] = [
  publicCloud,
  {
    authorityHosts: ["login.microsoftonline.us", "login.usgovcloudapi.net"],
    // The second is the Department of Defense's.
    graphs: ["https://graph.microsoft.us", "https://dod-graph.microsoft.us"],
    tokenExchangeAudience: "api://AzureADTokenExchangeUSGov",
    portal: "https://portal.azure.us",
  },
  {
    authorityHosts: ["login.partner.microsoftonline.cn", "login.chinacloudapi.cn"],
    graphs: ["https://microsoftgraph.chinacloudapi.cn"],
    tokenExchangeAudience: "api://AzureADTokenExchangeChina",
    portal: "https://portal.azure.cn",
  },
  {
    authorityHosts: ["login.sovcloud-identity.fr"],
    graphs: ["https://graph.svc.sovcloud.fr"],
    tokenExchangeAudience: "api://AzureADTokenExchangeFrance",
  },
  {
    authorityHosts: ["login.sovcloud-identity.de"],
    graphs: ["https://graph.svc.sovcloud.de"],
    tokenExchangeAudience: "api://AzureADTokenExchangeGermany",
  },
  {
    authorityHosts: ["login.sovcloud-identity.sg"],
    graphs: ["https://graph.svc.sovcloud.sg"],
    tokenExchangeAudience: "api://AzureADTokenExchangeGovSG",
  },
];

/** The cloud whose host an authority has. None for Entra External ID, for custom domains and for stand-ins. */
export function knownCloud(authorityHost: string): Cloud | undefined {
  return clouds.find(({ authorityHosts }) => authorityHosts.includes(authorityHost));
}

/** Like {@link knownCloud}, but the public cloud, where External ID is, for all other hosts. */
export function cloudOf(authorityHost: string): Cloud {
  return knownCloud(authorityHost) ?? publicCloud;
}

/** The cloud that an origin is Microsoft Graph of. */
export function cloudOfGraph(origin: string): Cloud | undefined {
  return clouds.find(({ graphs }) => graphs.includes(origin));
}
