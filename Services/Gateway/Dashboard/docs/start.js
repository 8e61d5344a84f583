/** Shows the API's own description; tokens that are typed in stay in memory. */

/** @type {{ SwaggerUIBundle?: (options: object) => unknown }} */
const scripts = /** @type {any} */ (globalThis);

if (scripts.SwaggerUIBundle) {
  scripts.SwaggerUIBundle({
    url: "/openapi.json",
    dom_id: "#docs",
    deepLinking: true,
    docExpansion: "none",
    persistAuthorization: false,
    // Nothing is asked of anybody else.
    validatorUrl: null,
  });
} else {
  const link = document.createElement("a");
  link.href = "/openapi.json";
  link.textContent = "Swagger UI is not installed here; the same is at /openapi.json.";
  document.getElementById("docs")?.append(link);
}
