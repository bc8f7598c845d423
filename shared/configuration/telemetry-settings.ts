/** Settings that the Functions host reads, too. Without the first, nothing is sent. */
export const connectionStringSetting = "APPLICATIONINSIGHTS_CONNECTION_STRING";
export const authenticationSetting = "APPLICATIONINSIGHTS_AUTHENTICATION_STRING";
