/** Where the gateway is: beside the page, also where a proxy serves it under a prefix. Without a slash at its end. */
export const gatewayUrl = new URL('.', location.href).href.replace(/\/$/, '')
