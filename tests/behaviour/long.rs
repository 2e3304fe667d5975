//! Long: workflows of so many steps that the generated code is put in groups.

use workflow_core::prelude::*;

macro_rules! long {
    ($($step:ident: $taken:ident -> $given:ident, beside $beside:ident;)*) => {
        $(
            #[event]
            struct $taken(u32);
        )*

        #[event]
        struct N37(u32);

        struct Chain;

        #[workflow]
        impl Chain {
            #[step]
            async fn begin(&self, _: StartEvent<()>) -> N1 {
                N1(0)
            }
            $(
                #[step]
                async fn $step(&self, n: $taken) -> $given {
                    $given(n.0 + 1)
                }
            )*
            #[step]
            async fn end(&self, n: N37) -> StopEvent<u32> {
                StopEvent(n.0)
            }
        }

        struct Forks;

        #[workflow]
        impl Forks {
            #[step]
            async fn begin(&self, _: StartEvent<()>) -> N1 {
                N1(0)
            }
            $(
                #[step]
                async fn $step(&self, n: $taken) -> $given {
                    $given(n.0 + 1)
                }
                #[step(allow(dead_end))]
                async fn $beside(&self, _: $taken) {}
            )*
            #[step]
            async fn end(&self, n: N37) -> StopEvent<u32> {
                StopEvent(n.0)
            }
        }
    };
}

long! {
    step_1: N1 -> N2, beside beside_1;
    step_2: N2 -> N3, beside beside_2;
    step_3: N3 -> N4, beside beside_3;
    step_4: N4 -> N5, beside beside_4;
    step_5: N5 -> N6, beside beside_5;
    step_6: N6 -> N7, beside beside_6;
    step_7: N7 -> N8, beside beside_7;
    step_8: N8 -> N9, beside beside_8;
    step_9: N9 -> N10, beside beside_9;
    step_10: N10 -> N11, beside beside_10;
    step_11: N11 -> N12, beside beside_11;
    step_12: N12 -> N13, beside beside_12;
    step_13: N13 -> N14, beside beside_13;
    step_14: N14 -> N15, beside beside_14;
    step_15: N15 -> N16, beside beside_15;
    step_16: N16 -> N17, beside beside_16;
    step_17: N17 -> N18, beside beside_17;
    step_18: N18 -> N19, beside beside_18;
    step_19: N19 -> N20, beside beside_19;
    step_20: N20 -> N21, beside beside_20;
    step_21: N21 -> N22, beside beside_21;
    step_22: N22 -> N23, beside beside_22;
    step_23: N23 -> N24, beside beside_23;
    step_24: N24 -> N25, beside beside_24;
    step_25: N25 -> N26, beside beside_25;
    step_26: N26 -> N27, beside beside_26;
    step_27: N27 -> N28, beside beside_27;
    step_28: N28 -> N29, beside beside_28;
    step_29: N29 -> N30, beside beside_29;
    step_30: N30 -> N31, beside beside_30;
    step_31: N31 -> N32, beside beside_31;
    step_32: N32 -> N33, beside beside_32;
    step_33: N33 -> N34, beside beside_33;
    step_34: N34 -> N35, beside beside_34;
    step_35: N35 -> N36, beside beside_35;
    step_36: N36 -> N37, beside beside_36;
}

#[tokio::test]
async fn many_steps_in_a_row_each_run_once() {
    assert_eq!(Chain.run(()).await.unwrap(), 36);
}

#[tokio::test]
async fn many_events_with_two_takers_each_reach_the_next_step() {
    assert_eq!(Forks.run(()).await.unwrap(), 36);
}
