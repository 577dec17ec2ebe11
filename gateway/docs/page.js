/* global SwaggerUIBundle */

/** A stream cannot be tried here: its messages come in envelopes that the page does not read. */
const noStreams = () => ({
  statePlugins: {
    spec: {
      wrapSelectors: {
        allowTryItOutFor: (original, system) => (state, path, method) => {
          const content = ["paths", path, method, "requestBody", "content", "application/json"];
          const isUnary = system.specSelectors.specJson().hasIn(content);
          return isUnary && original(state, path, method);
        },
      },
    },
  },
});

SwaggerUIBundle({
  url: "/openapi.yaml",
  dom_id: "#page",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  filter: true,
  // Nobody else is asked whether the document is valid.
  validatorUrl: null,
  plugins: [noStreams],
});
