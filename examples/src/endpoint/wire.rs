//! Wire: a conversation as the client crate `genai` takes it, and a reply as it gives it.

use genai::chat::{
    ChatMessage, ChatOptions, ChatRequest, ChatResponseFormat, ContentPart, JsonSpec, MessageContent, Tool,
    ToolCall as WireCall, ToolResponse,
};

use crate::{Chat, Message, Reply, ToolCall};

/// The messages and the tools.
pub(crate) fn request(chat: &Chat) -> ChatRequest {
    let tools = chat.tools.iter().map(|tool| {
        let known = Tool::new(tool.name.as_str()).with_description(tool.description.as_str());
        known.with_schema(tool.parameters.clone())
    });
    let tools: Vec<_> = tools.collect();
    let request = ChatRequest::from_messages(chat.messages.iter().map(message).collect());
    if tools.is_empty() { request } else { request.with_tools(tools) }
}

/// How the reply must look.
pub(crate) fn options(chat: &Chat) -> ChatOptions {
    let mut options = ChatOptions::default();
    if let Some((name, schema)) = &chat.schema {
        let schema = JsonSpec::new(name.as_str(), schema.clone());
        options = options.with_response_format(ChatResponseFormat::JsonSpec(schema));
    }
    if let Some(stop) = &chat.stop {
        options = options.with_stop_sequence(stop.as_str());
    }
    options
}

/// What the model said, up to where it was to stop.
pub(crate) fn reply(content: MessageContent, stop: Option<&str>) -> Reply {
    let mut reply = Reply::default();
    for part in content.into_parts() {
        match part {
            ContentPart::Text(text) => reply.text += &text,
            ContentPart::ToolCall(call) => {
                let WireCall { call_id: id, fn_name: name, fn_arguments: arguments, .. } = call;
                reply.calls.push(ToolCall { id, name, arguments });
            }
            _ => (),
        }
    }
    let end = stop.and_then(|stop| reply.text.find(stop)).unwrap_or(reply.text.len());
    reply.text = reply.text[..end].trim().to_owned();
    reply
}

fn message(message: &Message) -> ChatMessage {
    match message {
        Message::System(text) => ChatMessage::system(text.as_str()),
        Message::User(text) => ChatMessage::user(text.as_str()),
        Message::Assistant(reply) => {
            let text = (!reply.text.is_empty()).then(|| ContentPart::from_text(reply.text.as_str()));
            let calls = reply.calls.iter().map(|call| {
                ContentPart::ToolCall(WireCall {
                    call_id: call.id.clone(),
                    fn_name: call.name.clone(),
                    fn_arguments: call.arguments.clone(),
                    thought_signatures: None,
                })
            });
            ChatMessage::assistant(MessageContent::from_parts(
                text.into_iter().chain(calls).collect::<Vec<_>>(),
            ))
        }
        Message::Tool(result) => {
            let response = ToolResponse::new(result.id.as_str(), result.text.as_str());
            ChatMessage::tool(MessageContent::from(response))
        }
    }
}
