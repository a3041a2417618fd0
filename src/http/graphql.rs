//! `/graphql`: one request from its head to its answer, in the order in which the specification
//! "GraphQL over HTTP" lets a server refuse it. Subscriptions are refused; they have no transport here yet.

use std::{panic::AssertUnwindSafe, sync::Arc};

use async_graphql::parser::types::{ExecutableDocument, OperationDefinition, OperationType};
use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, Method, Response, StatusCode, header, request::Parts},
};
use futures::{FutureExt, TryStreamExt};
use tokio::time::timeout;
use tracing::error;

use super::{
    Basis, Caller, Edition, Executed, Gateway, TraceId,
    answers::{Kept, Question, Written},
    document::{check_variables, select_operation},
    masking::{mask, refusal_status},
    negotiation::{AnswerType, Wanted, is_json_body, wanted},
    observe::Handled,
    ordering::order,
    page,
    parameters::{self, Parameters},
    problem::{Code, ErrorsOnly, Problem, VARY, respond},
    revalidation::{is_current, not_modified},
};

const METHODS: &str = "GET, POST";

pub(super) async fn graphql(State(gateway): State<Arc<Gateway>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let trace = TraceId::of(&parts.extensions);
    let wanted = wanted(&parts.headers);
    let answer_type = match wanted {
        Wanted::Page if parts.method == Method::GET => return page::page(&parts.headers),
        Wanted::Answer(answer_type) => answer_type,
        Wanted::Page | Wanted::Unsupported => AnswerType::Json,
    };
    let mut handled = Handled::default();
    let exchange = Exchange { gateway: &gateway, parts: &parts, trace, answer_type };
    let mut response = match exchange.answer(wanted, body, &mut handled).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(answer_type, trace),
    };
    response.extensions_mut().insert(handled);
    response
}

struct Exchange<'a> {
    gateway: &'a Gateway,
    parts: &'a Parts,
    trace: TraceId,
    answer_type: AnswerType,
}

/// What a request asks for.
#[derive(Clone, Copy)]
struct Asked<'d> {
    document: &'d ExecutableDocument,
    operation: &'d OperationDefinition,
}

impl Exchange<'_> {
    async fn answer(&self, wanted: Wanted, body: Body, handled: &mut Handled) -> Result<Response<Body>, Problem> {
        let is_get = self.parts.method == Method::GET;
        if !is_get && self.parts.method != Method::POST {
            return Err(Problem::of_http(
                StatusCode::METHOD_NOT_ALLOWED,
                Code::BadInput,
                "GraphQL is asked by GET or POST.",
            )
            .with_header(header::ALLOW, METHODS));
        }
        if !matches!(wanted, Wanted::Answer(_)) {
            return Err(Problem::of_http(
                StatusCode::NOT_ACCEPTABLE,
                Code::BadInput,
                "Answers are written as application/graphql-response+json or application/json in UTF-8.",
            ));
        }
        let caller = self.gateway.access.authenticate(self.parts, &self.gateway.hosts)?;
        handled.caller.clone_from(&caller.token);
        let parameters = if is_get {
            parameters::from_query_string(self.parts.uri.query().unwrap_or_default())?
        } else {
            parameters::from_body(&self.read_body(body).await?)?
        };
        self.run(parameters, caller, handled).await
    }

    async fn run(
        &self,
        parameters: Parameters,
        caller: Caller,
        handled: &mut Handled,
    ) -> Result<Response<Body>, Problem> {
        let document = self.gateway.documents.parse(&parameters.query).await?;
        let operation = select_operation(&document, parameters.operation_name.as_deref())?;
        handled.operation = parameters.operation_name.clone();
        match operation.ty {
            OperationType::Query => {}
            OperationType::Mutation if self.parts.method == Method::GET => {
                return Err(Problem::of_http(
                    StatusCode::METHOD_NOT_ALLOWED,
                    Code::BadInput,
                    "A mutation never runs by GET: send it by POST.",
                )
                .with_header(header::ALLOW, "POST"));
            }
            OperationType::Mutation => caller.check_may_mutate()?,
            OperationType::Subscription => {
                return Err(Problem::of_document(
                    Code::BadInput,
                    "Subscriptions are not served over this transport.",
                ));
            }
        }
        check_variables(operation, &parameters.variables)?;
        let asked = Asked { document: &document, operation };
        match (operation.ty, self.gateway.executor.edition()) {
            (OperationType::Query, Some(edition)) => {
                self.find_or_execute(parameters, caller, (asked, edition)).await
            }
            _ => Ok(self.tell(self.execute(parameters, caller, asked).await?.response)),
        }
    }

    /// An answer that is kept or under way, if there is one. What has errors is neither kept nor shared: errors carry
    /// the trace of the request they belong to. Gaps are part of the data, and kept with it.
    async fn find_or_execute(
        &self,
        parameters: Parameters,
        caller: Caller,
        (asked, edition): (Asked<'_>, Edition),
    ) -> Result<Response<Body>, Problem> {
        let question = Question::new(&parameters, &caller);
        let mut own = None;
        let execute = async {
            let executed = self.execute(parameters.clone(), caller.clone(), asked).await;
            let kept = match &executed {
                Ok(Executed { response, basis }) if *basis != Basis::Live && response.errors.is_empty() => {
                    serde_json::to_vec(response).ok().map(|body| Kept::answer(*basis, Written::new(body)))
                }
                _ => None,
            };
            own = Some(executed);
            kept.unwrap_or(Kept::nothing(edition))
        };
        let found =
            timeout(self.gateway.limits.time, self.gateway.answers.find_or_make(question, edition, execute));
        match (found.await, own) {
            (Ok(Some(answer)), _) => Ok(self.tell_written(answer)),
            (Err(_elapsed), _) => Err(self.out_of_time()),
            (Ok(None), Some(executed)) => Ok(self.tell(executed?.response)),
            (Ok(None), None) => Ok(self.tell(self.execute(parameters, caller, asked).await?.response)),
        }
    }

    /// Executes and settles what stands in the answer, and in which order. A client that leaves drops this future,
    /// and with it the execution.
    async fn execute(&self, parameters: Parameters, caller: Caller, asked: Asked<'_>) -> Result<Executed, Problem> {
        let Gateway { executor, limits, answers, shapes, .. } = self.gateway;
        let Asked { document, operation } = asked;
        let mut request =
            async_graphql::Request::new(parameters.query).variables(parameters.variables).data(self.trace);
        request.operation_name = parameters.operation_name;
        request.set_parsed_query(document.clone());
        answers.count_execution();
        let execution = AssertUnwindSafe(executor.execute(request, caller)).catch_unwind();
        match timeout(limits.time, execution).await {
            Ok(Ok(mut executed)) => {
                shapes.complete(&mut executed.response, document, operation);
                order(&mut executed.response.data, document, operation);
                Ok(executed)
            }
            Ok(Err(_panic)) => {
                error!(trace = %self.trace, "Executing a request panicked");
                Err(Problem::of_http(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    Code::Internal,
                    "Something went wrong inside the gateway; its operators find the cause by the trace id.",
                ))
            }
            Err(_elapsed) => Err(self.out_of_time()),
        }
    }

    fn out_of_time(&self) -> Problem {
        let seconds = self.gateway.limits.time.as_secs_f64();
        Problem::out_of_time(format!("The limit for execution time is {seconds} seconds."))
    }

    /// Clients may keep what carries a tag, for themselves, and ask each time whether it is still current. A POST is
    /// given the tag too, but always the answer: its clients could do nothing with a 304.
    fn tell_written(&self, answer: Written) -> Response<Body> {
        let Written { body, tag } = answer;
        let current = self.parts.method == Method::GET && is_current(&self.parts.headers, &tag);
        let mut response = match current {
            true => not_modified(),
            false => Response::new(Body::from(body)),
        };
        let headers = response.headers_mut();
        if current {
            self.gateway.answers.count_not_modified();
        } else {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.answer_type.content_type()));
        }
        headers.insert(header::VARY, HeaderValue::from_static(VARY));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        headers.insert(header::ETAG, tag);
        response
    }

    fn tell(&self, mut response: async_graphql::Response) -> Response<Body> {
        mask(&mut response, &self.gateway.limits, self.trace);
        match (refusal_status(&response), self.answer_type) {
            (None, answer_type) => respond(StatusCode::OK, answer_type, &response),
            (Some(_), AnswerType::Json) => {
                respond(StatusCode::OK, AnswerType::Json, &ErrorsOnly { errors: response.errors })
            }
            (Some(status), answer_type) => respond(status, answer_type, &ErrorsOnly { errors: response.errors }),
        }
    }

    async fn read_body(&self, body: Body) -> Result<Vec<u8>, Problem> {
        if !is_json_body(&self.parts.headers) {
            return Err(Problem::of_http(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                Code::BadInput,
                "The body must be declared as `Content-Type: application/json`, in UTF-8.",
            ));
        }
        let limits = &self.gateway.limits;
        let too_large = || {
            let message = format!("The limit for the body is {} bytes.", limits.body_bytes);
            Problem::of_http(StatusCode::PAYLOAD_TOO_LARGE, Code::LimitExceeded, message)
        };
        if declared_length(self.parts.headers.get(header::CONTENT_LENGTH))
            .is_some_and(|length| length > limits.body_bytes)
        {
            return Err(too_large());
        }
        let reading = async {
            let mut chunks = body.into_data_stream();
            let mut read = Vec::new();
            while let Some(chunk) = chunks.try_next().await.map_err(|_| body_cut_short())? {
                if read.len() + chunk.len() > limits.body_bytes {
                    return Err(too_large());
                }
                read.extend_from_slice(&chunk);
            }
            Ok(read)
        };
        timeout(limits.time, reading).await.unwrap_or_else(|_elapsed| {
            let message = format!("The limit for sending the body is {} seconds.", limits.time.as_secs_f64());
            Err(Problem::of_http(StatusCode::REQUEST_TIMEOUT, Code::LimitExceeded, message))
        })
    }
}

fn body_cut_short() -> Problem {
    Problem::malformed("The body could not be read to its end.")
}

fn declared_length(header: Option<&HeaderValue>) -> Option<usize> {
    header?.to_str().ok()?.parse().ok()
}
