// Starts GraphiQL against the gateway that served this page. `?query=`, `?variables=` and `?operationName=`
// fill the first tab, so that a question can be sent as a link; nothing runs until a person runs it.
(() => {
  'use strict';

  const asked = new URLSearchParams(location.search);

  const welcome = `# Every field explains itself: open the documentation on the left.
# With a token: put {"Authorization": "Bearer …"} under "Headers" below.
{
  __typename
}
`;

  const properties = {
    fetcher: GraphiQL.createFetcher({ url: '/graphql' }),
    defaultQuery: welcome,
    isHeadersEditorEnabled: true,
    // Tokens stay in the tab: nothing of the headers is written to the browser's storage.
    shouldPersistHeaders: false,
    showPersistHeadersSettings: false,
  };
  if (asked.has('query')) {
    properties.query = asked.get('query');
    properties.variables = asked.get('variables') ?? '';
    properties.operationName = asked.get('operationName') ?? undefined;
  }

  const place = document.getElementById('graphiql');
  ReactDOM.createRoot(place).render(React.createElement(GraphiQL, properties));
})();
