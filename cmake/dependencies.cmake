# SPDX-License-Identifier: Apache-2.0
# Every third-party library, found once. Which folder may use which: DESIGN in ARCHITECTURE.md, checked by tests/layering.
find_package(Threads REQUIRED)
find_package(Protobuf REQUIRED)  # module mode: Debian ships no CONFIG for it
find_package(absl REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(prometheus-cpp REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(NGHTTP2 REQUIRED IMPORTED_TARGET libnghttp2)
pkg_check_modules(DEFLATE REQUIRED IMPORTED_TARGET libdeflate)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)
# CRC32C with the instructions of the processor it runs on.
pkg_check_modules(ISAL REQUIRED IMPORTED_TARGET libisal)
# bcrypt and its like, for htpasswd files.
find_library(CRYPT_LIBRARY crypt REQUIRED)
find_path(SNAPPY_INCLUDE snappy.h REQUIRED)
find_library(SNAPPY_LIBRARY snappy REQUIRED)
find_path(PROTOZERO_INCLUDE protozero/pbf_reader.hpp REQUIRED)
find_library(BOOST_JSON_LIBRARY boost_json REQUIRED)
if(WEIR_GRPC)
  find_package(gRPC CONFIG REQUIRED)
endif()
if(WEIR_TESTS)
  find_package(Catch2 2 REQUIRED)
endif()
