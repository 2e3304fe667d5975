//! Condition: which errors are worth another try.

use std::any::type_name;
use std::error::Error;
use std::fmt;
use std::iter::successors;
use std::ops::{BitAnd, BitOr, Not};
use std::sync::Arc;

use crate::StepError;

/// What must be true of an error for the step to be tried again.
///
/// `a | b` holds where one of both does, `a & b` where both do, `!a` where `a` does not.
///
/// ```
/// use workflow_core::StepTimedOut;
/// use workflow_core::retry::Condition;
///
/// # #[derive(Debug, thiserror::Error)] #[error("answered {status}")] struct Refused { status: u16 }
/// let busy = Condition::when(|refused: &Refused| refused.status == 503);
/// let worth_another = Condition::on::<StepTimedOut>() | busy;
/// let not_refused = !Condition::on::<Refused>();
/// ```
#[derive(Clone, Debug)]
pub struct Condition(Rule);

#[derive(Clone, Debug)]
enum Rule {
    Test(Test),
    Any(Box<(Condition, Condition)>),
    All(Box<(Condition, Condition)>),
    Not(Box<Condition>),
}

/// A question to the last error of a step; shown as the type that it is about.
#[derive(Clone)]
struct Test {
    about: &'static str,
    question: Arc<dyn Question>,
}

trait Question: Send + Sync {
    fn ask(&self, error: &(dyn Error + 'static)) -> bool;
}

impl<F: Fn(&(dyn Error + 'static)) -> bool + Send + Sync> Question for F {
    fn ask(&self, error: &(dyn Error + 'static)) -> bool {
        self(error)
    }
}

impl Condition {
    /// The error is an `E`, or one of its causes is: its source, the source of that, and so on.
    ///
    /// A try that took too long fails with [`StepTimedOut`](crate::StepTimedOut), one that panicked with
    /// [`StepPanicked`](crate::StepPanicked).
    ///
    /// A step that returns `anyhow::Error` hides the type of the error, though not those of its causes:
    /// anything under a `.context(..)` is found, an error without one is not.
    #[must_use]
    pub fn on<E: Error + 'static>() -> Self {
        Self::when(|_: &E| true)
    }

    /// The error, or one of its causes, is an `E` of which the function says yes; no when none is an `E`.
    ///
    /// The function must give the same answer for the same error.
    #[must_use]
    pub fn when<E: Error + 'static>(says_yes: impl Fn(&E) -> bool + Send + Sync + 'static) -> Self {
        let question = Arc::new(move |error: &(dyn Error + 'static)| {
            successors(Some(error), |cause| (*cause).source()).filter_map(as_type).any(&says_yes)
        });
        Self(Rule::Test(Test { about: type_name::<E>(), question }))
    }

    /// Whether the step is to be tried again after this error.
    pub(super) fn holds(&self, error: &(dyn Error + 'static)) -> bool {
        match &self.0 {
            Rule::Test(test) => test.question.ask(error),
            Rule::Any(conditions) => conditions.0.holds(error) || conditions.1.holds(error),
            Rule::All(conditions) => conditions.0.holds(error) && conditions.1.holds(error),
            Rule::Not(condition) => !condition.holds(error),
        }
    }
}

/// The error as an `E`, where it is one; a [`StepError`] is whatever it was made from.
fn as_type<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    error.downcast_ref().or_else(|| error.downcast_ref::<StepError>()?.downcast_ref())
}

/// Where one of both holds.
impl BitOr for Condition {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(Rule::Any(Box::new((self, other))))
    }
}

/// Where both hold.
impl BitAnd for Condition {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(Rule::All(Box::new((self, other))))
    }
}

/// Where it does not hold.
impl Not for Condition {
    type Output = Self;

    fn not(self) -> Self {
        Self(Rule::Not(Box::new(self)))
    }
}

impl fmt::Debug for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.about)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BoxError, StepPanicked};

    #[derive(Debug, thiserror::Error)]
    #[error("busy for {seconds} s")]
    struct Busy {
        seconds: u32,
    }

    #[derive(Debug, thiserror::Error)]
    #[error("no page")]
    struct NoPage(#[source] BoxError);

    fn busy(seconds: u32) -> BoxError {
        Box::new(Busy { seconds })
    }

    fn holds(condition: &Condition, error: BoxError) -> bool {
        condition.holds(&*error)
    }

    #[test]
    fn type_is_found_at_the_head_of_the_chain_and_down_it() {
        let condition = Condition::on::<Busy>();
        assert!(holds(&condition, busy(1)));
        assert!(holds(&condition, NoPage(busy(1)).into()));
        assert!(holds(&condition, NoPage(NoPage(busy(1)).into()).into()));
        assert!(!holds(&condition, NoPage(std::fmt::Error.into()).into()));
        assert!(!holds(&condition, "busy for 1 s".into()));
    }

    #[test]
    fn panic_is_an_error_like_another() {
        let panic = StepPanicked::new("index out of bounds".to_owned());
        assert!(holds(&Condition::on::<StepPanicked>(), panic.into()));
    }

    #[test]
    fn error_of_a_step_is_what_it_was_made_from() {
        let condition = Condition::on::<Busy>();
        assert!(holds(&condition, StepError::new(busy(1)).into()));
        assert!(holds(&condition, NoPage(StepError::new(busy(1)).into()).into()));
        assert!(!holds(&condition, StepError::new("gone").into()));
    }

    #[test]
    fn function_is_asked_only_about_errors_of_its_type() {
        let short = Condition::when(|busy: &Busy| busy.seconds < 10);
        assert!(holds(&short, busy(9)));
        assert!(!holds(&short, busy(10)));
        assert!(holds(&short, NoPage(busy(9)).into()));
        assert!(!holds(&short, "nine".into()));
    }

    #[test]
    fn function_is_asked_about_each_error_in_the_chain() {
        let deep = Condition::when(|page: &NoPage| page.0.is::<Busy>());
        assert!(holds(&deep, NoPage(NoPage(busy(1)).into()).into()));
    }

    #[test]
    fn combinations_follow_the_laws_of_logic() {
        let is_busy = Condition::on::<Busy>();
        let no_page = Condition::on::<NoPage>();
        for error in
            [|| busy(1), || NoPage(busy(1)).into(), || NoPage("gone".into()).into(), || "gone".into()]
        {
            let says = |condition: Condition| holds(&condition, error());
            let (a, b) = (|| is_busy.clone(), || no_page.clone());
            assert_eq!(says(a() | b()), says(a()) || says(b()));
            assert_eq!(says(a() & b()), says(a()) && says(b()));
            assert_eq!(says(!a()), !says(a()));
            assert_eq!(says(!!a()), says(a()));
            assert_eq!(says(!(a() | b())), says(!a() & !b()));
            assert_eq!(says(!(a() & b())), says(!a() | !b()));
        }
    }

    #[test]
    fn condition_shows_the_types_that_it_is_about() {
        let shown = format!("{:?}", !Condition::on::<std::fmt::Error>());
        assert_eq!(shown, "Condition(Not(Condition(Test(core::fmt::Error))))");
    }
}
