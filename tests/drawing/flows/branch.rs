//! Branch: one of three ways, two things at once, and a join.

use workflow_core::prelude::*;

#[event]
pub struct Question {
    text: String,
    customer: u64,
}

#[event]
pub struct Complaint {
    text: String,
    order: Option<u64>,
}

#[event]
pub struct Spam;

#[event]
pub struct Articles(Vec<String>);

#[event]
pub struct History {
    tickets: Vec<u64>,
}

#[derive(OneOf)]
pub enum Kind {
    Question(Question),
    Complaint(Complaint),
    Spam(Spam),
}

#[event]
pub enum Refund {
    Full { order: u64 },
    Part { order: u64, cents: u32 },
}

#[event]
pub struct Lookup {
    customer: u64,
}

pub struct Support;

#[workflow]
impl Support {
    /// Decides what kind of message it is.
    #[step(retry(attempts = 3))]
    async fn classify(&self, message: StartEvent<String>) -> Result<Kind, std::io::Error> {
        Ok(Kind::Question(Question { text: message.0, customer: 1 }))
    }

    #[step(workers = 8)]
    async fn search_articles(&self, question: Question) -> (Articles, Lookup) {
        (Articles(vec![question.text]), Lookup { customer: question.customer })
    }

    #[step]
    async fn load_history(&self, lookup: Lookup) -> History {
        History { tickets: vec![lookup.customer] }
    }

    /// Writes an answer from what is known of the subject and of the customer.
    #[step(timeout = "30s")]
    async fn answer(&self, articles: Articles, history: History) -> StopEvent<String> {
        StopEvent(format!("{:?} {:?}", articles.0, history.tickets))
    }

    #[step]
    async fn weigh(&self, complaint: Complaint) -> Refund {
        match complaint.order {
            Some(order) => Refund::Full { order },
            None => Refund::Part { order: 0, cents: complaint.text.len() as u32 },
        }
    }

    #[step]
    async fn pay_back(&self, refund: Refund) -> StopEvent<String> {
        StopEvent(format!("{refund:?}"))
    }

    #[step]
    async fn drop_it(&self, _spam: Spam) -> StopEvent<String> {
        StopEvent(String::new())
    }
}
