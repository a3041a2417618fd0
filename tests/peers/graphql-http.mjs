// The audit of the "GraphQL over HTTP" specification by its reference implementation, SHOULDs and MAYs included,
// and the reference GraphQL implementation reading our schema.
import { buildClientSchema, getIntrospectionQuery, validateSchema } from 'graphql';
import { auditServer } from 'graphql-http';

const url = `${process.env.INTERLOCK_URL}/graphql`;

const results = await auditServer({ url });
const failures = results.filter((result) => result.status !== 'ok');
for (const { id, name, reason } of failures) {
  console.log(`audit ${id} ${name}: ${reason}`);
}
console.log(`${results.length - failures.length} of ${results.length} audits passed`);

const response = await fetch(url, {
  method: 'POST',
  headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
  body: JSON.stringify({ query: getIntrospectionQuery({ inputValueDeprecation: true, specifiedByUrl: true }) }),
});
const { data, errors } = await response.json();
if (errors) {
  console.log('introspection failed:', JSON.stringify(errors));
  process.exit(1);
}
const mistakes = validateSchema(buildClientSchema(data));
for (const mistake of mistakes) {
  console.log(`schema: ${mistake.message}`);
}
console.log(`${data.__schema.types.length} types, ${mistakes.length} mistakes in the schema`);

process.exitCode = results.length > 50 && failures.length === 0 && mistakes.length === 0 ? 0 : 1;
