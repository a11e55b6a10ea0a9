#pragma once
// Each type of an option's value as a Python object, and back.

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <array>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nbhybrid/bindings/bindings.hpp"
#include "nbhybrid/bindings/option_fields.hpp"
#include "nbhybrid/core/errors.hpp"

namespace nbhybrid::bindings {

template <class Enum>
struct Names;
template <>
struct Names<options::Misset> {
    static constexpr const char* list[] = {"none", "angles", "random"};
};
template <>
struct Names<options::Interpolation> {
    static constexpr const char* list[] = {"automatic", "on", "off"};
};
template <>
struct Names<physics::CrystalShape> {
    static constexpr auto& list = physics::shape_names;
};
template <>
struct Names<Convention> {
    static constexpr auto& list = convention_names;
};
template <>
struct Names<Pivot> {
    static constexpr auto& list = pivot_names;
};

// Arrays travel as bytes of doubles (a source: position, wavelength, weight) or of 16-bit integers.
template <class T>
pybind11::bytes to_bytes(const T* data, std::size_t count) {
    return pybind11::bytes(reinterpret_cast<const char*>(data), count * sizeof(T));
}

template <class T>
std::vector<T> from_bytes(const pybind11::handle& value) {
    const pybind11::buffer_info info = pybind11::reinterpret_borrow<pybind11::buffer>(value).request();
    const auto bytes = static_cast<std::size_t>(info.size) * static_cast<std::size_t>(info.itemsize);
    std::vector<T> values(bytes / sizeof(T));
    if (!values.empty()) std::memcpy(values.data(), info.ptr, values.size() * sizeof(T));
    return values;
}

class ToDict {
public:
    template <class T>
    void operator()(const char* name, T& value) {
        dict_[name] = converted(value);
    }
    pybind11::dict take() { return std::move(dict_); }

private:
    template <class T>
    static pybind11::object converted(T& value) {
        if constexpr (std::is_enum_v<T>) return pybind11::str(Names<T>::list[static_cast<std::size_t>(value)]);
        else if constexpr (std::is_arithmetic_v<T>) return pybind11::cast(value);
        else {
            ToDict inner;
            visit_fields(inner, value);
            return inner.take();
        }
    }
    static pybind11::object converted(std::string& value) { return to_str(value); }
    static pybind11::object converted(std::vector<std::string>& value) { return to_list(value); }
    static pybind11::object converted(Vec3& v) { return pybind11::make_tuple(v.x, v.y, v.z); }
    static pybind11::object converted(Mat3& m) {
        return pybind11::make_tuple(converted(m.row_x), converted(m.row_y), converted(m.row_z));
    }
    static pybind11::object converted(SamplingRequest& s) { return pybind11::make_tuple(s.count, s.range, s.step); }
    template <class T, std::size_t n>
    static pybind11::object converted(std::array<T, n>& values) {
        return pybind11::tuple(pybind11::cast(values));
    }
    template <class T>
    static pybind11::object converted(std::optional<T>& value) {
        return value ? converted(*value) : pybind11::object(pybind11::none());
    }
    static pybind11::object converted(std::vector<Mat3>& value) {
        return to_bytes(reinterpret_cast<const double*>(value.data()), 9 * value.size());
    }
    static pybind11::object converted(std::vector<Source>& value) {
        return to_bytes(reinterpret_cast<const double*>(value.data()), 5 * value.size());
    }
    static pybind11::object converted(Mask& mask) {
        return mask.empty() ? pybind11::object(pybind11::none()) : to_bytes(mask.data(), mask.size());
    }
    static pybind11::object converted(Semantics& semantics) { return to_str(semantics.text()); }

    pybind11::dict dict_;
};

static_assert(sizeof(Mat3) == 9 * sizeof(double) && sizeof(Source) == 5 * sizeof(double));

// Takes the fields that the dictionary has and leaves the others as they are.
class FromDict {
public:
    explicit FromDict(pybind11::dict dict) : dict_(std::move(dict)) {}

    template <class T>
    void operator()(const char* name, T& value) const {
        if (!dict_.contains(name)) return;
        try {
            convert(dict_[name], value);
        } catch (const pybind11::cast_error&) {
            throw OptionError(std::string(name) + ": the value has another type");
        }
    }

private:
    template <class T>
    static void convert(const pybind11::handle& from, T& to) {
        if constexpr (std::is_enum_v<T>) {
            const auto name = from.cast<std::string>();
            std::size_t i = 0;
            for (const char* known : Names<T>::list) {
                if (name == known) {
                    to = static_cast<T>(i);
                    return;
                }
                ++i;
            }
            throw OptionError("there is nothing of the name " + name);
        } else if constexpr (std::is_arithmetic_v<T>) {
            to = from.cast<T>();
        } else {
            const FromDict inner(from.cast<pybind11::dict>());
            visit_fields(inner, to);
        }
    }
    static void convert(const pybind11::handle& from, std::string& to) {
        to = pybind11::reinterpret_steal<pybind11::bytes>(PyUnicode_EncodeFSDefault(from.ptr()));
    }
    static void convert(const pybind11::handle& from, std::vector<std::string>& to) { to = from.cast<std::vector<std::string>>(); }
    static void convert(const pybind11::handle& from, Vec3& to) {
        const auto v = from.cast<std::array<double, 3>>();
        to = {v[0], v[1], v[2]};
    }
    static void convert(const pybind11::handle& from, Mat3& to) {
        const auto m = from.cast<std::array<std::array<double, 3>, 3>>();
        to = {{m[0][0], m[0][1], m[0][2]}, {m[1][0], m[1][1], m[1][2]}, {m[2][0], m[2][1], m[2][2]}};
    }
    static void convert(const pybind11::handle& from, SamplingRequest& to) {
        const auto v = from.cast<std::array<double, 3>>();
        to = {v[0], v[1], v[2]};
    }
    template <class T, std::size_t n>
    static void convert(const pybind11::handle& from, std::array<T, n>& to) {
        to = from.cast<std::array<T, n>>();
    }
    template <class T>
    static void convert(const pybind11::handle& from, std::optional<T>& to) {
        to.reset();
        if (from.is_none()) return;
        T value{};
        convert(from, value);
        to = std::move(value);
    }
    static void convert(const pybind11::handle& from, std::vector<Mat3>& to) {
        const std::vector<double> values = from_bytes<double>(from);
        to.resize(values.size() / 9);
        if (!to.empty()) std::memcpy(static_cast<void*>(to.data()), values.data(), to.size() * sizeof(Mat3));
    }
    static void convert(const pybind11::handle& from, std::vector<Source>& to) {
        const std::vector<double> values = from_bytes<double>(from);
        to.clear();
        for (std::size_t i = 0; i + 4 < values.size(); i += 5)
            to.push_back({{values[i], values[i + 1], values[i + 2]}, values[i + 3], values[i + 4]});
    }
    static void convert(const pybind11::handle& from, Mask& to) {
        to = from.is_none() ? Mask() : Mask(from_bytes<std::uint16_t>(from));
    }
    static void convert(const pybind11::handle& from, Semantics& to) { to = Semantics::parse(from.cast<std::string>()); }

    pybind11::dict dict_;
};

}  // namespace nbhybrid::bindings
