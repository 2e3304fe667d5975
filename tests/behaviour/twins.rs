//! Twins: one workflow written down once and tested in both forms, as an `impl` block and as free functions.
//!
//! A step is written with a name for its workflow in place of `&self`, and its return type in brackets:
//! `async fn write(flow; topic: StartEvent<String>) -> (Draft) { .. }`. The first line says what a run takes
//! and gives, which a struct says in its options and a block does not need to.

macro_rules! twins {
    (
        mod $module:ident: ($($input:tt)*) -> ($($output:tt)*);

        $(#[derive($($derive:ident),*)])?
        struct $Flow:ident $(($($fields:tt)*))?;

        #[workflow $(($($options:tt)*))?]
        $(
            #[step $(($($step:tt)*))?]
            async fn $name:ident($flow:tt; $($parameters:tt)*) $(-> ($($emits:tt)*))? { $($body:tt)* }
        )*
        tests { $($tests:tt)* }
    ) => {
        mod $module {
            mod block {
                #[allow(unused_imports)]
                use super::super::*;

                $(#[derive($($derive),*)])?
                struct $Flow $(($($fields)*))?;

                #[workflow(output = $($output)*, $($($options)*)?)]
                impl $Flow {
                    $(
                        #[step $(($($step)*))?]
                        async fn $name(&self, $($parameters)*) $(-> $($emits)*)? {
                            let $flow = self;
                            $($body)*
                        }
                    )*
                }

                $($tests)*
            }

            mod attached {
                #[allow(unused_imports)]
                use super::super::*;

                #[workflow(input = $($input)*, output = $($output)*, $($($options)*)?)]
                $(#[derive($($derive),*)])?
                struct $Flow $(($($fields)*))?;

                $(
                    #[step(workflow = $Flow, $($($step)*)?)]
                    async fn $name($flow: &$Flow, $($parameters)*) $(-> $($emits)*)? {
                        $($body)*
                    }
                )*

                $($tests)*
            }
        }
    };
}
