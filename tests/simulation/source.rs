//! Source: a list of numbers from which a graph or a run is made, so that proptest can shrink both.

/// Each question takes one number; past the end the answer is always the first one.
#[derive(Clone, Debug)]
pub struct Source {
    numbers: Vec<u32>,
    next: usize,
    /// How many answers each question had that was asked since the last [`Source::advance`].
    counts: Vec<usize>,
}

impl Source {
    pub fn new(numbers: Vec<u32>) -> Self {
        Self { numbers, next: 0, counts: Vec::new() }
    }

    /// Numbers that follow from `seed` alone: the generator of G. Steele, D. Lea and C. Flood, "Fast
    /// splittable pseudorandom number generators" (2014).
    pub fn seeded(seed: u64, length: usize) -> Self {
        let mut state = seed;
        let numbers = std::iter::repeat_with(|| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            (mixed >> 32) as u32
        });
        Self::new(numbers.take(length).collect())
    }

    /// One of `0..count`.
    pub fn pick(&mut self, count: usize) -> usize {
        let number = self.numbers.get(self.next).copied().unwrap_or(0);
        self.next += 1;
        self.counts.push(count.max(1));
        number as usize % count.max(1)
    }

    /// Changes the last answer that can still be changed, so that a loop which asks the same questions
    /// tries all answers one after the other; false when it has tried them all. Begin with no numbers.
    pub fn advance(&mut self) -> bool {
        self.numbers.resize(self.counts.len(), 0);
        while let (Some(answer), Some(count)) = (self.numbers.pop(), self.counts.pop()) {
            if (answer as usize) + 1 < count {
                self.numbers.push(answer + 1);
                (self.next, self.counts) = (0, Vec::new());
                return true;
            }
        }
        false
    }

    /// True once in `times`.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.pick(times) == times - 1
    }

    /// One of `choices`.
    pub fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.pick(choices.len())]
    }
}
