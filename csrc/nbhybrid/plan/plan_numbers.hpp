#pragma once
// The continuous numbers of a plan, by name: all that a pixel depends on smoothly. One struct serves for three things: the numbers
// themselves, how they change with a parameter (a tangent), and how much a sum over pixels changes with each of them (a cotangent).
// What a parameter does to that sum is the inner product of its tangent with the cotangent.
//
// Units are those of the plan: m, 1/m, photons/m^2; a tangent is per unit of its parameter, a cotangent per unit of the number.

#include <type_traits>
#include <vector>

#include "nbhybrid/core/vec3.hpp"
#include "nbhybrid/plan/orientations.hpp"
#include "nbhybrid/plan/plan.hpp"

namespace nbhybrid {

// A source: the direction is that of its photons. Its renormalized direction changes as the direction does.
template <class T>
struct RayNumbersT {
    Vec3T<T> direction;
    T wavelength{};
    T weight{};  // 1 on average; of any image, also of one whose plan is not weighted
};
using RayNumbers = RayNumbersT<double>;

// Of the stages of the plan, what is one number or one vector for the whole image.
template <class T>
struct StageNumbersT {
    // Detector. `beam` and `distance` count for a curved one.
    Vec3T<T> origin, fast_axis, slow_axis, normal, beam;
    T distance{}, close_distance{}, pixel_size{}, subpixel_size{};
    // Sensor.
    T layer_thickness{}, attenuation{};
    // Beam.
    T kahn_factor{};
    Vec3T<T> polarization_axis;
    // Crystal. The reciprocal axes, of the unrotated crystal, count where Defect::spot_scale is not corrected.
    Vec3T<T> cells, a_star, b_star, c_star;
    T fudge{}, default_amplitude{};
    // Scale.
    T fluence{}, background{};
};

template <class T>
struct PlanNumbersT : StageNumbersT<T> {
    std::vector<AxesT<T>> orientations;  // phi major, domain minor
    std::vector<RayNumbersT<T>> sources;

    PlanNumbersT() = default;
    PlanNumbersT(std::size_t n_orientations, std::size_t n_sources) : orientations(n_orientations), sources(n_sources) {}
};
using PlanNumbers = PlanNumbersT<double>;

// Of a plan of one sweep.
PlanNumbers numbers_of(const Plan& plan);

// All zero, for as many orientations and sources.
PlanNumbers zero_numbers(const PlanView& plan);

namespace detail {

template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<Vec3T<T>> : std::true_type {};

template <class F, class First, class... Others>
void visit(F& f, First& first, Others&... others) {
    if constexpr (IsVector<std::remove_const_t<First>>::value) {
        f(first.x, others.x...);
        f(first.y, others.y...);
        f(first.z, others.z...);
    } else {
        f(first, others...);
    }
}

}  // namespace detail

// Calls f for each number with those of the same name: f(x.fluence, y.fluence, ...). This is the only list of them.
template <class F, class... Stages>
void for_each_stage_number(F f, Stages&... s) {
#define NBHYBRID_NUMBER(name) detail::visit(f, s.name...);
    NBHYBRID_NUMBER(origin)
    NBHYBRID_NUMBER(fast_axis)
    NBHYBRID_NUMBER(slow_axis)
    NBHYBRID_NUMBER(normal)
    NBHYBRID_NUMBER(beam)
    NBHYBRID_NUMBER(distance)
    NBHYBRID_NUMBER(close_distance)
    NBHYBRID_NUMBER(pixel_size)
    NBHYBRID_NUMBER(subpixel_size)
    NBHYBRID_NUMBER(layer_thickness)
    NBHYBRID_NUMBER(attenuation)
    NBHYBRID_NUMBER(kahn_factor)
    NBHYBRID_NUMBER(polarization_axis)
    NBHYBRID_NUMBER(cells)
    NBHYBRID_NUMBER(a_star)
    NBHYBRID_NUMBER(b_star)
    NBHYBRID_NUMBER(c_star)
    NBHYBRID_NUMBER(fudge)
    NBHYBRID_NUMBER(default_amplitude)
    NBHYBRID_NUMBER(fluence)
    NBHYBRID_NUMBER(background)
#undef NBHYBRID_NUMBER
}

template <class F, class... A>
void for_each_axis_number(F f, A&... axes) {
    detail::visit(f, axes.a...);
    detail::visit(f, axes.b...);
    detail::visit(f, axes.c...);
}

template <class F, class... R>
void for_each_ray_number(F f, R&... rays) {
    detail::visit(f, rays.direction...);
    detail::visit(f, rays.wavelength...);
    detail::visit(f, rays.weight...);
}

template <class F, class First, class... Others>
void for_each_number(F f, First& first, Others&... others) {
    for_each_stage_number(f, first, others...);
    for (std::size_t i = 0; i < first.orientations.size(); ++i)
        for_each_axis_number(f, first.orientations[i], others.orientations[i]...);
    for (std::size_t i = 0; i < first.sources.size(); ++i) for_each_ray_number(f, first.sources[i], others.sources[i]...);
}

// The order of the sum is that of the numbers.
double inner_product(const PlanNumbers& x, const PlanNumbers& y);

}  // namespace nbhybrid
