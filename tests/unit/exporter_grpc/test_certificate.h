// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace weir::test {

// Of "localhost", signed by itself, for a hundred years. For tests alone: the key is no secret.
inline constexpr const char* kCertificate = R"(-----BEGIN CERTIFICATE-----
MIIBlDCCATugAwIBAgIUQrDgCFASmCEesWlPiB2ESbRp1yMwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTAzMDAyNVoYDzIxMjYxMDI4
MDMwMDI1WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQco7Vy2ZSx58Fmnnfc9hUj9RJIHwtLHO28biXaFhT3jX9FijEQsnSP
IO2pUtee9Cp1vwXy9sr9UquEkOn+M8i7o2kwZzAdBgNVHQ4EFgQULFkJRDikIb5T
vWG0lEsgSYSVN/8wHwYDVR0jBBgwFoAULFkJRDikIb5TvWG0lEsgSYSVN/8wFAYD
VR0RBA0wC4IJbG9jYWxob3N0MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwID
RwAwRAIgN1rz9idthwFjAmxYRbd6sNuHIm6pV6OSwICU29t9Zk8CIHtt+Leng/k9
rUk7a5U0xG1FzlAph0+FZh/X4q1cGjXJ
-----END CERTIFICATE-----
)";
inline constexpr const char* kKey = R"(-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg4kO3oAY15uLbYk7+
jNq/e1zB6y+8KfxMg4RhyPYulRGhRANCAAQco7Vy2ZSx58Fmnnfc9hUj9RJIHwtL
HO28biXaFhT3jX9FijEQsnSPIO2pUtee9Cp1vwXy9sr9UquEkOn+M8i7
-----END PRIVATE KEY-----
)";

}  // namespace weir::test
