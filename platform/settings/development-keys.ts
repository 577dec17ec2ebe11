// Keys that everybody can read: they let a fresh clone start without a question, and nothing else. Production refuses
// them, public halves included.

/** Signs the tokens of users and administrators in development. */
export const DEVELOPMENT_TOKEN_KEY = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIAXgFcOuwomWG1WcyHXMYTdCWv+C1sF5ogDh1GnYK+Qi
-----END PRIVATE KEY-----`;

/** Signs the tokens by which services know each other in development. */
export const DEVELOPMENT_SERVICE_KEY = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIA5xcQhmCBRn9DLKl4dLNd6iv3NTvYS7of+ZuaLLsjFQ
-----END PRIVATE KEY-----`;
