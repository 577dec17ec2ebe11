// Published keys, so that a fresh clone starts without any settings. Production refuses them and
// their public halves.

/** Signs the tokens of users and administrators in development. */
export const DEVELOPMENT_TOKEN_KEY = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIAXgFcOuwomWG1WcyHXMYTdCWv+C1sF5ogDh1GnYK+Qi
-----END PRIVATE KEY-----`;

/** Signs the tokens of services in development. */
export const DEVELOPMENT_SERVICE_KEY = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIA5xcQhmCBRn9DLKl4dLNd6iv3NTvYS7of+ZuaLLsjFQ
-----END PRIVATE KEY-----`;
