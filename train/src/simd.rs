//! One body, compiled for the plain target and for AVX2.
//!
//! Both give the same bits: the compiler may neither reorder a sum nor fuse a product into it, so the wider registers
//! only take more independent sums at once.

/// Declares a function over [`crate::float::Float`] whose body is compiled twice; the processor decides which one runs.
///
/// Functions that the body calls must be `#[inline(always)]`, or they stay in their plain version.
macro_rules! multiversion {
    (
        $(#[$attribute:meta])*
        $visibility:vis fn $name:ident<$T:ident $(, const $N:ident: usize)*>($($argument:ident: $type:ty),* $(,)?)
        $(-> $output:ty)? $body:block
    ) => {
        $(#[$attribute])*
        #[allow(clippy::too_many_arguments)]
        $visibility fn $name<$T: crate::float::Float $(, const $N: usize)*>($($argument: $type),*) $(-> $output)? {
            #[inline(always)]
            #[allow(clippy::too_many_arguments)]
            fn body<$T: crate::float::Float $(, const $N: usize)*>($($argument: $type),*) $(-> $output)? $body

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2")]
                #[allow(clippy::too_many_arguments)]
                fn avx2<$T: crate::float::Float $(, const $N: usize)*>($($argument: $type),*) $(-> $output)? {
                    body::<$T $(, $N)*>($($argument),*)
                }
                if std::arch::is_x86_feature_detected!("avx2") {
                    // SAFETY: the processor was just found to have AVX2.
                    return unsafe { avx2::<$T $(, $N)*>($($argument),*) };
                }
            }
            body::<$T $(, $N)*>($($argument),*)
        }
    };
}

pub(crate) use multiversion;
